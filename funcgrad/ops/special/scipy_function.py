"""Primitives whose values are SciPy's: its ufuncs eagerly, its C functions compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.ops.elementwise import Elementwise, TangentRule
from funcgrad.ops.exponential import scipy_special


def scipy_function(
    name: str,
    *,
    jvp: Sequence[TangentRule],
    cases: Sequence[Any],
    cost: int = 200,
) -> Elementwise:
    """An entry-by-entry primitive that is ``scipy.special.<name>`` of real operands.

    Parameters
    ----------
    name : str
    jvp : sequence of rules, one for each operand
        As in `Elementwise`.
    cases : sequence
        What the rule checks feed it.
    cost : int
        Rough price of one entry in additions.
    """
    symbol = f"fg_special_{name}_{'d' * len(jvp)}"

    def evaluate(*operands: Any) -> Any:
        return _narrowed(scipy_special(name)(*operands), operands)

    def lower(b: Any, *values: Any) -> Any:
        wide = [b.convert(value, np.float64) for value in values]
        last = b.const(np.int32, 0, values[0].lanes)
        result = b.extern(symbol, *wide, last, dtype=np.float64)
        return b.convert(result, np.result_type(*[v.dtype for v in values]))

    return Elementwise(
        name, numpy=evaluate, jvp=jvp, lower=lower, kinds="f", cost=cost, cases=cases
    )


def scipy_pair(
    name: str,
    names: tuple[str, str],
    *,
    jvp: tuple[Callable[..., Any], Callable[..., Any]],
    cases: Sequence[Any],
) -> tuple[Elementwise, Elementwise]:
    """The two results of ``scipy.special.<name>`` of one operand, as primitives."""
    symbol = f"fg_special_{name}_dPP"

    def primitive(place: int) -> Elementwise:
        def evaluate(x: Any) -> Any:
            return _narrowed(scipy_special(name)(x)[place], (x,))

        def lower(b: Any, x: Any) -> Any:
            wide = b.convert(x, np.float64)
            lanes = [
                _call_pair(b, symbol, b.extract(wide, i), place) for i in range(x.lanes)
            ]
            return b.convert(b.concat_lanes(lanes), x.dtype)

        return Elementwise(
            names[place],
            numpy=evaluate,
            jvp=[jvp[place]],
            lower=lower,
            kinds="f",
            cost=200,
            cases=cases,
        )

    return primitive(0), primitive(1)


def _call_pair(b: Any, symbol: str, x: Any, place: int) -> Any:
    """One of the two numbers that a C function writes through pointers."""
    results = b.alloca(np.float64, 2)
    second = b.offset(results, 1, np.float64)
    b.call(symbol, [x, ("ptr", results), ("ptr", second)])
    return b.load(results, place, np.float64)


def _narrowed(y: Any, operands: Sequence[Any]) -> Any:
    """SciPy's result in the dtype of the operands (it has no float16)."""
    dtype = np.result_type(*operands)
    return y if y.dtype == dtype else y.astype(dtype)
