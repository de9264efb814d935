"""The benchmarks run on funcgrad, and their table says what was measured."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import worker
from benchmarks.libraries import load_funcgrad
from benchmarks.runner import Worker, agree, run_workload
from benchmarks.table import Row, markdown, readable
from benchmarks.workloads import WORKLOADS, Workload, random_program

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


def test_random_programs_have_their_size_and_differ():
    lib = load_funcgrad()
    x = np.linspace(0.1, 0.9, 5)
    values = [np.asarray(random_program(lib, seed, 50)(x)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(values[0], values[1])
    assert not np.allclose(values[0], values[2])


def test_a_worker_process_serves_repetitions():
    workload = next(w for w in WORKLOADS if w.name.startswith("call"))
    with Worker("funcgrad") as process:
        row = run_workload(workload, [process], rounds=2)
    assert not row.errors
    assert len(row.seconds["funcgrad"]) == 2


def test_a_failure_is_reported_and_ends_only_its_workload():
    class Failing:
        library = "funcgrad"

        def measure(self, name, seed):
            return {"error": "Traceback: no"} if name == "broken" else {"missing": True}

    broken = run_workload(Workload("broken", None, {}), [Failing()], rounds=2)
    assert broken.errors == {"funcgrad": "Traceback: no"}
    assert not run_workload(Workload("other", None, {}), [Failing()], rounds=2).errors


def test_table_has_ratios_and_bars():
    row = Row("loop", {"jax": 3.0})
    row.seconds = {"funcgrad": [1e-6, 2e-6, 1e-6], "jax": [4e-6, 8e-6, 1e-6]}
    assert row.medians() == {"funcgrad": 1e-6, "jax": 4e-6}
    assert row.ratios() == {"jax": 4.0}
    assert row.met() is True
    slow = Row("slow", {"jax": 1.0}, {"funcgrad": [2.0], "jax": [1.0]}, agrees=False)
    alone = Row("alone", {"jax": 1.0}, {"funcgrad": [2.0]})
    assert slow.met() is False
    assert alone.met() is None
    text = markdown([row, slow, alone], {"funcgrad": "0.1", "jax": "1"}).splitlines()
    assert text[2] == "| loop | 1 µs | 4 µs (4.00) | jax 3 | yes | yes |"
    assert text[3] == "| slow | 2 s | 1 s (0.50) | jax 1 | NO | NO |"
    assert text[4] == "| alone | 2 s | - | jax 1 | - | yes |"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(2.0, "2 s"), (1.5e-3, "1.5 ms"), (3.21e-7, "321 ns"), (4.5e-6, "4.5 µs")],
)
def test_seconds_are_readable(seconds, text):
    assert readable(seconds) == text


def test_results_that_differ_do_not_agree():
    assert agree([[1.0, 2.0], [1.0, 2.0 + 1e-12]])
    assert not agree([[1.0, 2.0], [1.0, 2.1]])
    assert not agree([[1.0, 2.0], [1.0]])
