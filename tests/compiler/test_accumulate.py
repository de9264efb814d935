"""Sums with windows become updates in place, with the same result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from funcgrad import lax, ops
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.compiler.simplify.passes import simplify
from funcgrad.core.check import check_jaxpr
from funcgrad.core.jaxpr import subjaxprs
from funcgrad.core.trace import typeof
from funcgrad.ops.iota import full
from funcgrad.ops.windows import GatherDimensionNumbers
from funcgrad.transforms.linearize import linearize
from funcgrad.transforms.stage import stage_flat
from funcgrad.transforms.transpose import backward_pass

ENTRIES = GatherDimensionNumbers((), (0,), (0,))


def zeros() -> Any:
    return full((30,), 0.0, np.float64)


CASES: dict[str, tuple[Any, str]] = {
    "window": (
        lambda x, u: ops.dynamic_update_slice(zeros(), u[:4], [3]),
        "dynamic_update_slice",
    ),
    "scatter": (
        lambda x, u: ops.scatter_add(zeros(), np.array([[2], [2]]), u[:2], ENTRIES),
        "scatter_add",
    ),
    "pad": (lambda x, u: ops.pad(u, 0.0, [(1, 0, 1)]), "update_slice"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("turned", [False, True])
def test_sums_with_windows(name: str, turned: bool) -> None:
    part, primitive = CASES[name]

    def function(x: Any, u: Any) -> list[Any]:
        y, window = ops.mul(x, 2.0), part(x, u)
        return [ops.add(window, y) if turned else ops.add(y, window)]

    x, u = np.arange(30.0), np.arange(15.0)
    jaxpr = stage_flat(function, [typeof(x), typeof(u)])
    simple = simplify(jaxpr)
    check_jaxpr(simple)
    names = [eqn.primitive.name for eqn in simple.eqns]
    assert names.count(primitive) == 1
    assert not {"pad", "broadcast_in_dim"} & set(names)
    (got,) = compile_jaxpr(jaxpr)(x, u)
    np.testing.assert_array_equal(got, function(x, u)[0])


@pytest.mark.parametrize(
    "function",
    [
        lambda x, u: ops.add(x, ops.dynamic_update_slice(ops.mul(x, 2.0), u, [1])),
        lambda x, u: ops.add(x, ops.pad(u, 1.0, [(15, 0, 0)])),
        lambda x, u: ops.add(x, ops.pad(x, 0.0, [(-2, 2, 0)])),
    ],
    ids=["not zero", "padded with one", "cut off"],
)
def test_other_sums_stay(function: Any) -> None:
    x, u = np.arange(30.0), np.arange(15.0)
    jaxpr = stage_flat(lambda x, u: [function(x, u)], [typeof(x), typeof(u)])
    assert "add" in [eqn.primitive.name for eqn in simplify(jaxpr).eqns]
    (got,) = compile_jaxpr(jaxpr)(x, u)
    np.testing.assert_array_equal(got, function(x, u))


def test_a_window_that_is_read_elsewhere_stays() -> None:
    def function(x: Any, u: Any) -> list[Any]:
        padded = ops.pad(u, 0.0, [(15, 0, 0)])
        return [ops.add(x, padded), padded]

    x, u = np.arange(30.0), np.arange(15.0)
    jaxpr = stage_flat(function, [typeof(x), typeof(u)])
    for got, want in zip(compile_jaxpr(jaxpr)(x, u), function(x, u), strict=True):
        np.testing.assert_array_equal(got, want)


def test_the_backward_pass_of_a_loop_updates_in_place() -> None:
    def loop(x: Any) -> list[Any]:
        def body(i: Any, x: Any) -> Any:
            return x.at[i].set(ops.mul(x[i - 1], 0.5))

        return [lax.fori_loop(1, 30, body, x)]

    x = np.arange(1.0, 31.0)

    def pulled(ct: Any) -> list[Any]:
        _, linear, _ = linearize(loop, [x])
        return backward_pass(linear.jaxpr, linear.consts, [ct])

    jaxpr = stage_flat(pulled, [typeof(x)])
    inner = [j for eqn in simplify(jaxpr).eqns for j in subjaxprs(eqn.params)]
    backward = {eqn.primitive.name for eqn in inner[-1].eqns}
    assert "dynamic_update_slice" in backward
    assert "broadcast_in_dim" not in backward
    (got,) = compile_jaxpr(jaxpr)(np.ones(30))
    np.testing.assert_allclose(got, [2 - 0.5**29, *[0] * 29])
