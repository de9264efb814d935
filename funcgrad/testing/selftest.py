"""Short checks of an installation: does this machine compute what it should?

Each is a function without arguments that raises where something is wrong. Together
they touch every stage, from tracing to the cache on disk, and each library that
compiled code calls. They take seconds; the test suite is what tests funcgrad itself.
"""

import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from funcgrad.api.gradient import grad, value_and_grad
from funcgrad.api.jacobians import hessian
from funcgrad.api.jit import jit
from funcgrad.api.vectorize import vmap
from funcgrad.compiler.build import disk_cache
from funcgrad.lax import scan, while_loop
from funcgrad.testing.check_grads import check_grads

CHECKS: dict[str, Callable[[], None]] = {}


def _named(name: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(check: Callable[[], None]) -> Callable[[], None]:
        CHECKS[name] = check
        return check

    return register


def run_check(name: str) -> tuple[float, str | None]:
    """Seconds that a check took, and the traceback where it failed."""
    start = time.perf_counter()
    try:
        CHECKS[name]()
    except Exception:  # noqa: BLE001  # what went wrong is the answer
        return time.perf_counter() - start, traceback.format_exc()
    return time.perf_counter() - start, None


def _same(compiled: Any, expected: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(compiled, expected, rtol=tolerance, atol=tolerance)


@_named("vector mathematics, float64 and float32")
def _mathematics() -> None:
    def f(x: Any) -> Any:
        return np.exp(-x * x) * np.sin(x) + np.tanh(x) + np.log1p(x * x) + np.cos(3 * x)

    x = np.linspace(-4.0, 4.0, 1001)
    _same(jit(f)(x), f(x))
    single = x.astype(np.float32)
    _same(jit(f)(single), f(single), 1e-5)


@_named("derivatives agree with differences, to second order")
def _derivatives() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(x) * np.sqrt(1.0 + x * x))

    x = np.linspace(-1.0, 1.0, 7)
    check_grads(f, (x,), order=2)
    check_grads(jit(f), (x,), order=2)
    _same(hessian(f)(x), np.diag(np.diag(hessian(f)(x))))


@_named("the lecture's example")
def _lecture() -> None:
    def f(a: Any, b: Any, c: Any) -> Any:
        return c * (a + 2 * b)

    value, slopes = jit(value_and_grad(f, argnums=(0, 1, 2)))(3.0, 1.0, -2.0)
    _same(value, -10.0)
    _same(slopes, (-2.0, -4.0, 5.0))


@_named("matrix products and factorisations")
def _matrices() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=(60, 60))
    spd = a @ a.T + 60.0 * np.eye(60)
    _same(jit(np.matmul)(a, spd), a @ spd, 1e-10)
    _same(jit(np.linalg.solve)(spd, a), np.linalg.solve(spd, a), 1e-10)
    _same(jit(np.linalg.cholesky)(spd), np.linalg.cholesky(spd), 1e-10)
    _same(jit(np.linalg.eigvalsh)(spd), np.linalg.eigvalsh(spd), 1e-10)


@_named("loops, and reverse mode through them")
def _loops() -> None:
    def summed(x: Any) -> Any:
        return scan(lambda s, _: (np.sin(s) + x, None), x, None, length=50)[0]

    _same(jit(grad(summed))(0.3), grad(summed)(0.3))

    def root(a: Any) -> Any:
        return while_loop(
            lambda r: abs(r * r - a) > 1e-12, lambda r: 0.5 * (r + a / r), a
        )

    _same(jit(vmap(grad(root)))(np.array([2.0, 9.0])), [0.5 / 2**0.5, 1.0 / 6.0])


@_named("the cache of compiled code")
def _cache() -> None:
    before = disk_cache.statistics()
    key = disk_cache.make_key("selftest", [repr(time.time_ns())])
    assert disk_cache.load(key) is None
    disk_cache.store(key, b"code")
    if disk_cache.is_enabled():
        assert disk_cache.load(key) == b"code", f"{before.directory} can not be written"
