"""Every example runs, and its numbers are right."""

from __future__ import annotations

import doctest
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from examples import (
    hmc,
    lecture_graph,
    lecture_network,
    logistic_regression,
    lorenz_fit,
    newton,
    rnn,
    xor,
)

ROOT = Path(__file__).parents[1]


def test_lecture_graph_has_the_numbers_of_the_lecture(capsys):
    assert lecture_graph.main() == {
        "L": -10.0,
        "dL/dL": 1.0,
        "dL/de": -2.0,
        "dL/dc": 5.0,
        "dL/da": -2.0,
        "dL/dd": -2.0,
        "dL/db": -4.0,
        "grad/a": -2.0,
        "grad/b": -4.0,
        "grad/c": 5.0,
    }
    assert "dL/db = -4\n" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(3))
def test_lecture_network_agrees_with_the_formulas(seed):
    result = lecture_network.main(seed=seed)
    assert result["difference"] < 1e-14
    assert result["loss_after"] < result["loss"]


def test_xor_is_learnt():
    result = xor.main()
    before, after = result["loss"]
    assert before > 0.1
    assert after < 1e-3
    np.testing.assert_array_equal(result["predictions"] > 0.5, xor.TARGETS > 0.5)


def test_digits_as_a_script_with_a_cold_cache(tmp_path):
    """The main job: 97 % on held-out digits, a picture, a progress bar, a minute."""
    png = tmp_path / "digits.png"
    environment = os.environ | {
        "FUNCGRAD_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "examples/digits.py", "--png", str(png)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"accuracy on 360 held-out digits: ([\d.]+) %", done.stdout)
    assert found is not None, done.stdout
    assert float(found[1]) >= 97.0
    assert "40/40" in done.stderr
    height, width, _ = imread(png).shape
    assert min(height, width) > 300


def test_logistic_regression_has_the_coefficients_of_scikit_learn():
    result = logistic_regression.main()
    assert result["gradient"] < 1e-10
    assert result["difference"] < 1e-4
    assert result["accuracy"] > 0.98


def test_lorenz_parameters_are_found():
    result = lorenz_fit.main()
    before, after = result["loss"]
    assert before > 1.0
    assert after < 2e-4
    np.testing.assert_allclose(result["parameters"], lorenz_fit.TRUE, rtol=2e-3)


@pytest.mark.parametrize(("mean_anomaly", "eccentricity"), [(1.0, 0.6), (0.2, 0.9)])
def test_newton_is_differentiated_through_its_loop(mean_anomaly, eccentricity):
    result = newton.main(mean_anomaly, eccentricity)
    assert abs(result["residual"]) < 1e-14
    assert 2 <= result["steps"] < 20
    assert result["difference"] < 1e-10
    assert result["sqrt"] == pytest.approx(np.sqrt(2.0), abs=1e-14)
    assert result["dsqrt"] == pytest.approx(0.5 / np.sqrt(2.0), abs=1e-12)


def test_newton_takes_more_steps_where_the_start_is_worse():
    near, far = newton.main(1.0, 0.1)["steps"], newton.main(0.05, 0.98)["steps"]
    assert far > near


def test_hmc_has_the_moments_of_the_target():
    result = hmc.main()
    assert result["acceptance"] > 0.9
    assert result["rhat"] < 1.02
    assert result["mean_x"] == pytest.approx(0.0, abs=0.1)
    assert result["mean_y"] == pytest.approx(1.0, abs=0.1)
    assert result["var_x"] == pytest.approx(4.0, rel=0.1)
    assert result["var_y"] == pytest.approx(2.25, rel=0.2)


def test_rnn_adds_numbers_longer_than_it_saw():
    result = rnn.main()
    assert result["first_loss"] > 0.5
    assert result["last_loss"] < 0.05
    assert result["accuracy"] > 0.99


def test_readme_shows_what_it_computes():
    text = (ROOT / "README.md").read_text()
    block = "".join(re.findall(r"```pycon\n(.*?)```", text, flags=re.DOTALL))
    test = doctest.DocTestParser().get_doctest(block, {}, "README.md", "README.md", 0)
    assert len(test.examples) > 10
    report = io.StringIO()
    outcome = doctest.DocTestRunner().run(test, out=report.write)
    assert outcome.failed == 0, report.getvalue()


def test_every_example_is_tested_and_listed():
    names = {p.name for p in (ROOT / "examples").glob("*.py")} - {"__init__.py"}
    tests = Path(__file__).read_text()
    readme = (ROOT / "README.md").read_text()
    for name in sorted(names):
        assert name.removesuffix(".py") in tests
        assert f"(examples/{name})" in readme
