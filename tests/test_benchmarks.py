"""The benchmarks run on funcgrad, and their table says what was measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import changes, hand_written, profile, worker
from benchmarks.libraries import LOADERS, load_funcgrad
from benchmarks.memory import ENVIRONMENT, RESOLUTION
from benchmarks.profile import find
from benchmarks.runner import Worker, agree, run_workload
from benchmarks.table import Row, markdown, readable
from benchmarks.workloads import WORKLOADS
from benchmarks.workloads.compiling import random_program
from benchmarks.workloads.workload import Workload

NAMES = [w.name for w in WORKLOADS]


@pytest.fixture(scope="module")
def bench():
    return worker.Bench(load_funcgrad())


@pytest.mark.parametrize("workload", WORKLOADS, ids=NAMES)
def test_workload_runs_on_funcgrad(workload, bench, monkeypatch):
    monkeypatch.setattr(worker, "MIN_SECONDS", 0.0)
    reply = bench.measure(workload, 0)
    assert reply["seconds"] > 0.0
    assert np.isfinite(reply["result"]).all()
    assert np.any(reply["result"])


def test_long_runs_are_compared_after_fewer_steps_in_single_precision(monkeypatch):
    monkeypatch.setattr(worker, "MIN_SECONDS", 0.0)
    workload = next(w for w in WORKLOADS if w.name.startswith("N-body"))
    results = {
        dtype: worker.Bench(load_funcgrad(dtype)).measure(workload, 0)["result"]
        for dtype in ("float32", "float64")
    }
    after_fewer = worker.numbers(workload.single(load_funcgrad(), 0)())
    np.testing.assert_allclose(results["float32"], after_fewer, rtol=1e-5)
    assert not np.allclose(results["float64"], after_fewer, rtol=1e-2)


PEERS = [
    "un-jitted grad, polynomial of a Python float",
    "MLP 8-32-32-1, batch 32, gradient",
    "per-example gradients",
    "convolutional net",
    "attention: gradient",
    "Lorenz RK4, scalars carried: gradient",
    "Kalman 2x2: gradient",
    "training loop",
    "Gaussian mixture, 2000 points: gradient",
    "Hessian-vector product",
    "Jacobians",
    "segment sum, 1e5 into 1000: gradient",
    "scatter-add",
    "median",
    "random bits",
]


@pytest.mark.filterwarnings("default::DeprecationWarning")  # of the peers
@pytest.mark.parametrize("peer", ["autograd", "torch"])
@pytest.mark.parametrize("name", PEERS)
def test_eager_peers_compute_the_same(peer, name, bench, monkeypatch):
    pytest.importorskip(peer)
    monkeypatch.setattr(worker, "MIN_SECONDS", 0.0)
    library = replace(LOADERS[peer]("float64"), most_steps=3)
    workload = find(name)
    reply = worker.Bench(library).measure(workload, 0)
    if reply.get("missing"):
        assert peer == "autograd"
        return
    if reply["result"] is None:  # fewer steps, or other random numbers
        assert workload.for_library(library).divisor == 3 or "random" in name
        ours, theirs = (
            worker.numbers(workload.for_library(short).build(short, 0)())
            for short in (replace(bench.library, most_steps=3), library)
        )
        assert "random" in name or agree([ours, theirs], 1e-6, 1e-9)
    else:
        expected = bench.measure(workload, 0)["result"]
        assert agree([expected, reply["result"]], workload.tolerance, 1e-9)


def test_random_programs_have_their_size_and_differ():
    lib = load_funcgrad()
    x = np.linspace(0.1, 0.9, 5)
    values = [np.asarray(random_program(lib, seed, 50)(x)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(values[0], values[1])
    assert not np.allclose(values[0], values[2])


def test_a_worker_process_serves_repetitions():
    workload = next(w for w in WORKLOADS if w.name.startswith("call"))
    with Worker("funcgrad", "float32", 1) as process:
        row = run_workload(workload, [process], rounds=2)
    assert not row.errors
    assert len(row.seconds["funcgrad"]) == 2


def test_a_failure_is_reported_and_ends_only_its_workload():
    class Failing:
        library, dtype = "funcgrad", "float64"

        def measure(self, name, seed):
            return {"error": "Traceback: no"} if name == "broken" else {"missing": True}

    broken = run_workload(Workload("broken", None, {}), [Failing()], rounds=2)
    assert broken.errors == {"funcgrad": "Traceback: no"}
    assert not run_workload(Workload("other", None, {}), [Failing()], rounds=2).errors


def test_table_has_ratios_and_bars():
    row = Row("loop", {"jax": 3.0})
    row.seconds = {"funcgrad": [1e-6, 2e-6, 1e-6], "jax": [4e-6, 8e-6, 1e-6]}
    for nbytes in (2**22, 2**21, None):
        row.add_memory("funcgrad", nbytes)
    row.add_memory("jax", 2**20)
    assert row.medians() == {"funcgrad": 1e-6, "jax": 4e-6}
    assert row.ratios() == {"jax": 4.0}
    assert row.met() is True
    assert row.memory_met() is False
    slow = Row("slow", {"jax": 1.0}, {"funcgrad": [2.0], "jax": [1.0]}, agrees=False)
    alone = Row("alone", {"jax": 1.0}, {"funcgrad": [2.0]})
    assert slow.met() is False
    assert alone.met() is None
    assert alone.memory_met() is None
    rows = [r.as_json() for r in (row, slow, alone)]
    text = markdown(rows, {"funcgrad": "0.1", "jax": "1"}).splitlines()
    assert text[2] == (
        "| loop | 1 µs | 4 µs (4.00; 1.00-4.00) | jax 3 | yes | yes | 2.0 / 1.0 | NO |"
    )
    assert text[3] == "| slow | 2 s | 1 s (0.50; 0.50-0.50) | jax 1 | NO | NO |  | - |"
    assert text[4] == "| alone | 2 s | - | jax 1 | - | yes |  | - |"


def test_changes_beyond_the_noise_are_reported(tmp_path, monkeypatch, capsys):
    def run(folder, **ratios):
        folder.mkdir(exist_ok=True)
        rows = [
            Row(name, {}, {"funcgrad": [1.0] * len(jax), "jax": jax}).as_json()
            for name, jax in ratios.items()
        ]
        (folder / "float64.json").write_text(json.dumps({"rows": rows}))

    results, recorded = tmp_path / "results", tmp_path / "recorded"
    run(recorded, same=[1.0, 2.0], better=[1.0, 1.1], worse=[4.0, 4.1], old=[1.0])
    run(results, same=[1.9, 3.0], better=[2.0, 2.2], worse=[2.0, 2.1], new=[1.0])
    command = ["changes", f"--results={results}", f"--recorded={recorded}"]
    monkeypatch.setattr("sys.argv", command)
    assert changes.main() == 1
    printed = capsys.readouterr().out
    assert "faster 2.00 times: better (1.05 to 2.10 times jax)" in printed
    assert "slower 1.98 times: worse (4.05 to 2.05 times jax)" in printed
    assert "- new: new" in printed
    assert "- gone: old" in printed
    assert "same" not in printed
    monkeypatch.setattr("sys.argv", [*command, "--record"])
    changes.main()
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", command)
    assert changes.main() == 0
    assert "nothing beyond the noise" in capsys.readouterr().out


LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads /proc, asks glibc"
)


@LINUX
def test_peak_memory_counts_results_temporaries_and_what_is_kept(tmp_path):
    program = """
import json
import numpy as np
from benchmarks.memory import peak

megabyte, kept = 2**17, []

def keeps():
    kept[:] = kept or [np.ones(16 * megabyte)]
    return np.ones(8 * megabyte)

calls = [
    lambda: np.ones(32 * megabyte),
    lambda: np.ones(8 * megabyte) * np.ones(8 * megabyte).sum(),
    keeps,
]
print(json.dumps([peak(call) / 2**20 for call in calls]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        check=True,
        text=True,
    )
    np.testing.assert_allclose(json.loads(done.stdout), [32, 16, 24], atol=0.5)


@LINUX
def test_peak_memory_of_a_workload_is_the_workspace_and_results():
    workload = find("Kepler RK4: gradient")
    with Worker("funcgrad", "float64", 1, **ENVIRONMENT) as process:
        first, again = (process.peak(workload.name) for _ in range(2))
    assert 2**20 < first < 2**26
    assert abs(first - again) < RESOLUTION


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.0, "2 s"), (1.5e-3, "1.5 ms"), (3.21e-7, "321 ns"), (4.5e-6, "4.5 µs")],
)
def test_seconds_are_readable(seconds, text):
    assert readable(seconds) == text


def test_results_that_differ_do_not_agree():
    assert agree([[1.0, 2.0], [1.0, 2.0 + 1e-12]], 1e-9, 0.0)
    assert not agree([[1.0, 2.0], [1.0, 2.1]], 1e-9, 0.0)
    assert not agree([[1.0, 2.0], [1.0]], 1e-9, 0.0)


def test_a_workload_is_found_by_its_name_or_a_part_of_it():
    assert find("polynomial, 1e4: forward").name == "polynomial, 1e4: forward"
    assert find("attention").name == "attention: forward"
    assert find("Greeks").name.startswith("Black-Scholes")
    with pytest.raises(SystemExit, match="no workload is called `nothing`"):
        find("nothing")


def test_samples_are_shown_with_what_they_are():
    shown = profile.shown_sample(" 61.5% ", "[.] program part.0 [fg_0]", "[JIT] tid 7")
    assert shown.split() == ["61.5%", "program", "part.0", "[fg_0]", "[JIT]"]


@pytest.mark.parametrize("fused", [False, True])
def test_loops_written_by_hand_compute_the_same(fused):
    row = hand_written.compare("chain", 1000, fused=fused)
    assert row.name == "chain, 1,000" + ", fused" * fused
    assert 0.0 < row.ratios()["numba"] < 1000.0
