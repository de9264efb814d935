"""Loop nests that threads run in chunks: equal results for any number of threads."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.compiler import records
from funcgrad.compiler.build import pool
from funcgrad.compiler.emit.repeats import result_types
from funcgrad.compiler.lower import parallel, product_calls
from funcgrad.compiler.lower.parallel import chunks_of, needed
from funcgrad.config import override

_rng = np.random.default_rng(7)


def softmax(x):
    e = fnp.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


PROGRAMS = {
    "chain": lambda x: fnp.tanh(x) * fnp.exp(-x) + x.max(),
    "sum": lambda x: fnp.exp(x).sum(),
    "variance": lambda x: x.var(),
    "columns": lambda x: fnp.sin(x).sum(0),
    "rows": lambda x: fnp.sin(x).sum(1),
    "softmax": softmax,
    "turned": lambda x: fnp.tanh(x).T + 1.0,
    "reversed": lambda x: fnp.exp(x[::-1, ::-1]),
    "gradient": fg.grad(lambda x: (softmax(x) ** 2).sum() + (x * x).mean()),
    "outer": lambda x: x[0][:, None] * x[1][None, :],
}


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(parallel, "WORTH", 1 << 10)
    monkeypatch.setattr(parallel, "CHUNK", 1 << 8)
    monkeypatch.setattr(product_calls, "PART_OF_PRODUCT", 1 << 12)
    monkeypatch.setattr(product_calls, "LEAST_ROWS", 5)
    monkeypatch.setattr(pool, "workers", lambda: 4)
    # What is lowered here is not what other processes would.
    monkeypatch.setattr(records, "key_of", lambda jaxpr, variant: None)


@pytest.mark.parametrize("shape", [(37, 53), (3, 700), (500, 17)])
@pytest.mark.parametrize("name", PROGRAMS)
def test_threads_change_no_bit_and_agree_with_eager(name, shape, small_chunks):
    x = _rng.normal(size=shape)
    program = PROGRAMS[name]
    compiled = fg.jit(lambda x: program(x))
    if name in ("chain", "sum", "variance", "reversed", "outer"):
        assert "@fg_pool_run" in compiled.lower(x).as_text("llvm")
    with override("threads", 1):
        one = np.asarray(compiled(x))
    with override("threads", 4):
        several = [np.asarray(compiled(x)) for _ in range(5)]
    for result in several:
        np.testing.assert_array_equal(result, one)
    np.testing.assert_allclose(one, np.asarray(program(x)), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
@pytest.mark.parametrize(
    ("equation", "x_shape", "y_shape"),
    [
        ("mk,kn->mn", (70, 30), (30, 40)),
        ("km,kn->mn", (30, 70), (30, 40)),
        ("mk,nk->mn", (31, 30), (90, 30)),
        ("km,nk->mn", (30, 31), (90, 30)),
        ("bmk,bkn->bmn", (9, 31, 25), (9, 25, 33)),
        ("bmk,kn->bmn", (9, 31, 25), (25, 33)),
        ("mbk,bnk->bmn", (31, 7, 25), (7, 33, 25)),
    ],
)
def test_products_in_parts(equation, x_shape, y_shape, dtype, small_chunks):
    x, y = _rng.normal(size=x_shape), _rng.normal(size=y_shape)
    x, y = x.astype(dtype), y.astype(dtype)
    compiled = fg.jit(lambda x, y: fnp.einsum(equation, x, y))
    assert "@fg_pool_run" in compiled.lower(x, y).as_text("llvm")
    tolerance = 200 * np.finfo(dtype).eps
    expected = np.einsum(equation, x, y)
    for threads in (1, 4):
        with override("threads", threads):
            result = compiled(x, y)
        np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance)


def test_an_array_that_is_donated_is_updated_in_place(small_chunks):
    x = _rng.normal(size=5001)

    def steps(x):
        return fg.lax.fori_loop(0, 5, lambda _, y: fnp.tanh(y) + x, x)

    with override("threads", 4):
        result = fg.jit(steps)(x)
    y = x
    for _ in range(5):
        y = np.tanh(y) + x
    np.testing.assert_allclose(result, y, rtol=1e-12)


def test_calls_from_many_threads_at_once(small_chunks):
    x = _rng.normal(size=(200, 100))
    compiled = fg.jit(softmax)
    expected = np.asarray(compiled(x))
    wrong = []

    def work():
        wrong.extend(
            k
            for k in range(50)
            if not np.array_equal(np.asarray(compiled(x)), expected)
        )

    with override("threads", 3):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_starts_threads_of_its_own_and_both_exit():
    code = """
import os, sys
import numpy as np, funcgrad as fg, funcgrad.numpy as fnp
x = np.linspace(-1, 1, 400_000)
f = fg.jit(lambda x: fnp.tanh(fnp.exp(x)).sum())
first = float(f(x))
child = os.fork()
if child == 0:
    same = float(f(x)) == first
    sys.exit(0 if same else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert float(f(x)) == first
"""
    environment = {**os.environ, "FUNCGRAD_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=environment,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0


def test_small_nests_stay_in_one_piece():
    assert chunks_of(10_000, 10_000, 20) == 0
    assert chunks_of(10**7, 3, 20, lanes=8) == 0


@pytest.mark.parametrize("extent", [10**6, 10**6 + 7, 4096 * 100 + 1])
@pytest.mark.parametrize("lanes", [1, 16])
def test_chunks_are_whole_vectors_and_cover_the_extent(extent, lanes):
    chunk = chunks_of(extent, extent, 40, lanes)
    assert chunk % lanes == 0
    count = extent // chunk
    assert chunk <= extent - (count - 1) * chunk < 2 * chunk


@pytest.mark.parametrize(
    ("instruction", "kind"),
    [
        ("extractelement <4 x double> %a, i64 0", "double"),
        ("insertelement <4 x float> poison, float %a, i64 0", "<4 x float>"),
        ("shufflevector <2 x i8> %a, <2 x i8> %b, <3 x i32> <i32 0>", "<3 x i8>"),
        ("call fastcc <8 x double> @vm.exp.float64x8(<8 x double> %a)", "<8 x double>"),
        ("phi i64 [ 0, %a ], [ %b, %c ]", "i64"),
        ("select <2 x i1> %c, <2 x i64> %a, <2 x i64> %b", "<2 x i64>"),
    ],
)
def test_types_of_registers_that_a_part_reads(instruction, kind):
    assert result_types([f"  %t1 = {instruction}"], {"%t1"}) == {"%t1": kind}


def test_a_part_makes_again_what_it_needs_of_the_opening():
    opening = ["  %a = load i64, ptr %table", "  %b = add i64 %a, 1", "  %c = x"]
    assert needed(opening, ["  %t1 = add i64 %b, %b"], ["%table"]) == opening[:2]


def test_limits_of_the_number_of_threads():
    limit = pool._limit
    assert limit({}, 8) == 8
    assert limit({"OMP_NUM_THREADS": "3"}, 8) == 3
    assert limit({"OMP_NUM_THREADS": "3", "NUMBA_NUM_THREADS": "2"}, 8) == 2
    assert limit({"OMP_NUM_THREADS": "junk"}, 2) == 2
