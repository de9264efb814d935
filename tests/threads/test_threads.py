"""Threads that trace, compile and call at once get what one thread gets."""

from __future__ import annotations

import itertools
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import EVALUATION, current_traces
from tests.fuzz.programs import TooLargeError, random_program, stay_small
from tests.fuzz.reference import run

THREADS = 8


@pytest.fixture(autouse=True)
def frequent_switches() -> Iterator[None]:
    """Threads that take turns a hundred times as often as usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(before)


def at_once(tasks: Sequence[Callable[[], Any]]) -> list[Any]:
    """Results of tasks that start together, one thread each."""
    barrier = threading.Barrier(len(tasks))

    def start(task: Callable[[], Any]) -> Any:
        barrier.wait(timeout=30)
        result = task()
        assert current_traces() == [EVALUATION]
        return result

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [f.result() for f in [pool.submit(start, task) for task in tasks]]


def loss(x):
    def body(c, a):
        return np.tanh(c * 0.9 + a), np.sin(c) * a

    c, ys = fg.lax.scan(body, x[0], x)
    return c + np.sum(ys * ys) + np.sum(np.exp(-x) / (1 + x * x))


@pytest.mark.parametrize("round_", range(4))
def test_first_call_of_one_function(round_):
    """All trace and compile one signature at the same time."""
    f = fg.jit(lambda x: loss(x) * (round_ + 1.0))
    xs = [np.linspace(0.1, 1.0, 20) + i for i in range(THREADS)]
    got = at_once([lambda x=x: f(x) for x in xs])
    want = [fg.jit(lambda x: loss(x) * (round_ + 1.0))(x) for x in xs]
    assert got == want


def test_many_calls_of_one_function():
    f = fg.jit(fg.value_and_grad(loss))
    xs = [np.linspace(0.1, 1.0, 20) + i for i in range(THREADS)]
    want = [f(x) for x in xs]
    got = at_once([lambda x=x: [f(x) for _ in range(200)] for x in xs])
    for answers, (value, slope) in zip(got, want, strict=True):
        for other, other_slope in answers:
            assert other == value
            np.testing.assert_array_equal(other_slope, slope)


def test_signatures_and_batch_sizes_in_turn():
    """Each thread changes the types of its arguments from call to call."""
    f = fg.jit(lambda x, n: (x * n + np.sum(x), {"least": np.min(x)}))
    given = [
        (np.arange(1.0, 1 + size).astype(dtype), n)
        for size in (1, 3, 16, 17)
        for dtype in ("f8", "f4", "i4")
        for n in (2, np.float32(0.5))
    ]
    fresh = fg.jit(lambda x, n: (x * n + np.sum(x), {"least": np.min(x)}))
    want = [fresh(*g) for g in given]

    def visit(seed: int) -> None:
        order = random.Random(seed).choices(range(len(given)), k=100)
        for i in order:
            y, other = f(*given[i])
            assert y.dtype == want[i][0].dtype
            np.testing.assert_array_equal(y, want[i][0])
            assert other["least"] == want[i][1]["least"]

    at_once([lambda s=s: visit(s) for s in range(THREADS)])
    assert f.cache_info().currsize == len(given)


def test_callbacks():
    """Callbacks run in the thread of their call and see its numbers."""

    def host(x):
        return x + threading.get_ident() % 1000

    @fg.jit
    def f(x):
        shape = fg.ShapeDtypeStruct(x.shape, x.dtype)
        y = fg.pure_callback(host, shape, x * 2.0)
        return np.sum(y - x)

    def visit(start: float) -> None:
        x = np.full(5, start)
        want = 5 * (start + threading.get_ident() % 1000)
        for _ in range(50):
            assert f(x) == want

    at_once([lambda i=i: visit(float(i)) for i in range(THREADS)])


def test_a_callback_that_fails_fails_its_own_call():
    def host(x):
        if x < 0:
            raise KeyError(float(x))
        return x

    f = fg.jit(lambda x: fg.pure_callback(host, fg.ShapeDtypeStruct((), "f8"), x) + 1)
    f(1.0)

    def visit(sign: float) -> None:
        for i in range(1, 30):
            if sign < 0:
                with pytest.raises(KeyError, match=f"-{i}.0"):
                    f(-float(i))
            else:
                assert f(float(i)) == i + 1

    at_once([lambda i=i: visit((-1.0) ** i) for i in range(THREADS)])


@pytest.mark.parametrize("seed", range(3))
def test_random_programs(seed):
    rng = random.Random(seed)
    programs = []
    with np.errstate(all="ignore"):
        while len(programs) < THREADS:
            jaxpr, arguments = random_program(rng)
            try:
                programs.append((jaxpr, arguments, run(jaxpr, arguments, stay_small)))
            except TooLargeError:
                continue

    def visit(jaxpr: Any, arguments: Any, want: Any) -> None:
        compiled = compile_jaxpr(jaxpr)
        first = [np.array(y) for y in compiled(*arguments)]
        for y, expected in zip(first, want, strict=True):
            tolerance = 1e-4 if expected.dtype.char in "fF" else 1e-9
            np.testing.assert_allclose(y, expected, tolerance, tolerance)
        for _ in range(20):
            for y, same in zip(compiled(*arguments), first, strict=True):
                np.testing.assert_array_equal(y, same)

    # Each program in two threads, so that equal kernels are built at once as well.
    at_once([lambda p=p: visit(*p) for p in programs[: THREADS // 2] * 2])


TRANSFORMS = (
    lambda x: fg.grad(lambda v: np.sum(v * v * v))(x),
    lambda x: fg.vmap(lambda v: v * v + np.sum(x))(x),
    lambda x: fg.vmap(fg.grad(lambda v: v * np.sin(v)))(x),
    lambda x: fg.jvp(lambda v: np.exp(v) * v, (x,), (x,))[1],
    lambda x: fg.jacfwd(lambda v: np.cumsum(v * v))(x),
    lambda x: fg.hessian(lambda v: np.sum(v) ** 3)(x),
    lambda x: fg.grad(fg.jit(lambda v: np.sum(np.tanh(v) * v)))(x),
    lambda x: fg.grad(lambda v: fg.grad(lambda w: np.sum(w * w * v))(v)[0])(x),
)


def test_transforms_do_not_see_each_other():
    x = np.linspace(0.5, 1.5, 6)
    want = [np.asarray(f(x)) for f in TRANSFORMS]

    def visit(first: int) -> None:
        for i in range(24):
            which = (first + i) % len(TRANSFORMS)
            np.testing.assert_array_equal(TRANSFORMS[which](x), want[which])

    at_once([lambda i=i: visit(i) for i in range(THREADS)])


def test_a_traced_value_of_another_thread_is_used_up_or_refused():
    """A function that traces waits while another thread traces a second one."""
    inside, done = threading.Event(), threading.Event()

    def slow(x):
        inside.set()
        assert done.wait(30)
        return x * 2.0

    def other():
        assert inside.wait(30)
        try:
            assert current_traces() == [EVALUATION]
            return fg.jit(fg.grad(lambda x: x * x))(3.0), np.sin(0.0)
        finally:
            done.set()

    assert at_once([lambda: fg.jit(slow)(4.0), other]) == [8.0, (6.0, 0.0)]


def test_settings_of_one_thread_stay_there():
    f = fg.jit(lambda x: 0.0 * x / x)

    def strict():
        for _ in range(50):
            with fg.debug_nans(True), pytest.raises(FloatingPointError):
                f(0.0)

    def lenient():
        for _ in range(50):
            assert np.isnan(f(0.0))

    at_once([strict, lenient] * 3)


def test_other_threads_run_while_native_code_does():
    """A long call lets Python threads go on: the global lock is released."""

    @fg.jit
    def long(x):
        return fg.lax.fori_loop(0, 3_000_000, lambda i, c: np.sin(c) + 1e-3, x)

    long(1.0)
    finished = threading.Event()
    seen: list[float] = []

    def call() -> float:
        started = time.perf_counter()
        long(1.0)
        finished.set()
        return time.perf_counter() - started

    def watch() -> None:
        while not finished.is_set():
            seen.append(time.perf_counter())
            time.sleep(0.001)

    took, _ = at_once([call, watch])
    longest = max(b - a for a, b in itertools.pairwise(seen))
    assert took > 0.02
    assert longest < took / 2
