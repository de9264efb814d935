"""Libraries written for JAX run on funcgrad, and give what they give on JAX.

``jax_programs/golden`` holds what the same programs return on JAX; its ``run.py`` makes
those files.
"""

import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

PROGRAMS = pathlib.Path(__file__).parent / "jax_programs"
LIBRARIES = ["optax", "einops", "blackjax"]
GOLDEN = {
    library: json.loads((PROGRAMS / "golden" / f"{library}.json").read_text("utf-8"))
    for library in LIBRARIES
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What a library's programs return on funcgrad; each library runs once."""
    known = {}

    def of(library):
        if library not in known:
            if importlib.util.find_spec(library) is None:
                pytest.skip(f"{library} is not installed")
            file = tmp_path_factory.mktemp(library) / "results.json"
            command = [sys.executable, str(PROGRAMS / "run.py"), "funcgrad"]
            subprocess.run([*command, f"{library}_programs", str(file)], check=True)
            known[library] = json.loads(file.read_text("utf-8"))
        return known[library]

    return of


@pytest.mark.parametrize(
    ("library", "name"), [(lib, name) for lib in LIBRARIES for name in GOLDEN[lib]]
)
def test_same_results_as_on_jax(results, library, name):
    got, want = results(library)[name], GOLDEN[library][name]
    assert not isinstance(got, str), got
    assert len(got) == len(want)
    for ours, theirs in zip(got, want, strict=True):
        assert (ours["kind"], ours["shape"]) == (theirs["kind"], theirs["shape"])
        # Adaptation feeds rounding back into the steps that follow.
        tolerance = 1e-5 if "adaptation" in name else 1e-7
        np.testing.assert_allclose(
            ours["entries"], theirs["entries"], rtol=tolerance, atol=tolerance / 100
        )


def test_nuts_samples_the_distribution(results):
    """Mean and deviation of 1500 draws, against those of the Gaussian."""
    entries = [leaf["entries"] for leaf in results("blackjax")["nuts statistics"]]
    mean, std = np.array(entries[0]), np.array(entries[1])
    deviation = np.array([1.0, 0.5, 2.0])
    # Draws of NUTS are about independent here: five standard errors.
    assert np.all(np.abs(mean - [1.0, -2.0, 0.5]) < 5 * deviation / np.sqrt(1500))
    np.testing.assert_allclose(std, deviation, rtol=0.1)


def test_lbfgs_finds_the_minimum(results):
    x, _ = results("optax")["lbfgs"]
    np.testing.assert_allclose(x["entries"], 1.0, rtol=1e-6)
