"""An exception in the middle of nested transforms leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.core.trace import EVALUATION, current_traces, staging_depth

X = np.array([0.5, 1.0, 1.5])


class Interrupted(Exception):
    """What the user's code raises."""


class Body:
    """x sin(x), which raises while ``error`` is set."""

    def __init__(self) -> None:
        self.error: type[BaseException] | None = None

    def __call__(self, x: Any) -> Any:
        y = np.sin(x)
        if self.error is not None:
            raise self.error("in the middle")
        return x * y


def in_scan(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: fg.lax.scan(lambda c, _: (f(c), None), x, None, length=2)[0]


def in_cond(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: fg.lax.cond(x > 0, f, lambda v: v, x)


def in_while(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def loop(x: Any) -> Any:
        step = lambda c: (c[0] + 1, f(c[1]))
        return fg.lax.while_loop(lambda c: c[0] < 2, step, (0, x))[1]

    return loop


def in_jvp(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: fg.jvp(f, (x,), (1.0,))[1]


def in_linearize(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: fg.linearize(f, x)[1](1.0)


def in_rows(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda x: np.sum(fg.vmap(f)(x * X))


def in_custom_rule(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    g = fg.custom_vjp(lambda x: x * np.sin(x))
    g.defvjp(lambda x: (x * np.sin(x), x), lambda x, ct: (ct * f(x),))
    return lambda x: fg.grad(g)(x)


NESTS = {
    "grad": [fg.grad],
    "jit": [fg.jit],
    "vmap": [in_rows],
    "grad of scan": [fg.grad, in_scan],
    "jit of cond": [fg.jit, in_cond],
    "grad of while": [fg.grad, in_while],
    "jit of grad of vmap": [fg.jit, fg.grad, in_rows],
    "grad of vmap of jit of scan of cond": [fg.grad, in_rows, fg.jit, in_scan, in_cond],
    "jit of vmap of grad of while": [fg.jit, in_rows, fg.grad, in_while],
    "jvp of grad of checkpoint": [in_jvp, fg.grad, fg.checkpoint],
    "linearize of jit of scan": [in_linearize, fg.jit, in_scan],
    "grad of grad of jit of cond": [fg.grad, fg.grad, fg.jit, in_cond],
    "jacfwd of jit of scan of scan": [fg.jacfwd, fg.jit, in_scan, in_scan],
    "hessian of checkpoint": [fg.hessian, fg.checkpoint, in_scan],
    "jit of a backward rule": [fg.jit, in_custom_rule],
    "jit of vmap of a backward rule": [fg.jit, in_rows, in_custom_rule],
}
ERRORS = [Interrupted, ValueError, KeyboardInterrupt, SystemExit, GeneratorExit]


@pytest.fixture(autouse=True)
def no_traces() -> Iterator[None]:
    yield
    assert current_traces() == [EVALUATION]
    assert staging_depth() == 0


def nested(name: str, body: Body) -> Callable[[Any], Any]:
    function: Callable[[Any], Any] = body
    for transform in reversed(NESTS[name]):
        function = transform(function)
    return function


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", NESTS)
def test_later_calls_are_right(name, error):
    want = nested(name, Body())(0.7)
    body = Body()
    function = nested(name, body)
    for _ in range(2):
        body.error = error
        with pytest.raises(error, match="in the middle"):
            function(0.7)
        assert current_traces() == [EVALUATION]
        assert staging_depth() == 0
        assert type(np.sin(0.5)) is np.float64
    body.error = None
    np.testing.assert_array_equal(function(0.7), want)
    np.testing.assert_array_equal(function(0.7), want)


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt])
def test_a_program_already_compiled_stays(error):
    """A new signature that fails does not harm one that is cached."""
    body = Body()
    f = fg.jit(fg.grad(lambda x: np.sum(body(x))))
    want = np.array(f(X))
    body.error = error
    with pytest.raises(error):
        f(np.ones(5))
    np.testing.assert_array_equal(f(X), want)
    assert f.cache_info().currsize == 1
    body.error = None
    np.testing.assert_allclose(f(np.ones(5)), np.sin(1.0) + np.cos(1.0), 1e-15)
    assert f.cache_info().currsize == 2


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt])
def test_caught_inside_an_outer_transform(error):
    """The outer trace goes on where the user catches what an inner one raised."""
    body = Body()

    def f(x):
        body.error = error
        try:
            fg.jit(fg.grad(body))(x)
        except error:
            body.error = None
        return body(x) + fg.grad(body)(x)

    def plain(x):
        return x * np.sin(x) + np.sin(x) + x * np.cos(x)

    for transform in (fg.grad, fg.jit, in_rows, in_scan, lambda g: fg.jit(fg.grad(g))):
        np.testing.assert_allclose(transform(f)(0.7), transform(plain)(0.7), 1e-13)


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt])
def test_callbacks_that_raise(error):
    """From native code: the call fails with the user's error, the next one works."""
    fail = [True]

    def host(x):
        if fail[0]:
            raise error("in the callback")
        return x

    shape = fg.ShapeDtypeStruct((), "f8")
    f = fg.jit(
        lambda x: fg.lax.fori_loop(
            0, 3, lambda i, c: fg.pure_callback(host, shape, c) * 2.0, x
        )
    )
    for _ in range(2):
        fail[0] = True
        with pytest.raises(error, match="in the callback"):
            f(1.0)
        fail[0] = False
        assert f(1.0) == 8.0


def test_an_interrupt_in_a_rule_of_the_engine(monkeypatch):
    """Where a rule itself is cut short, in a transposition under jit."""
    function = fg.jit(fg.grad(lambda x: np.sum(np.cumsum(x) ** 2)))
    want = np.array(fg.grad(lambda x: np.sum(np.cumsum(x) ** 2))(X))
    from funcgrad.ops.cumulative import cumsum_p

    def cut(*args: Any, **params: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(cumsum_p), "transpose", cut)
        with pytest.raises(KeyboardInterrupt):
            function(X)
    np.testing.assert_allclose(function(X), want, 1e-14)
