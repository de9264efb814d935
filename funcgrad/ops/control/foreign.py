"""Calls of native functions that others have compiled, from programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.ops.control.callback import call_for_each, without_derivative


class Foreign(Protocol):
    """A native function, in one type of arguments."""

    name: str

    def evaluate(self, *operands: Any) -> Sequence[Any]:
        """The results for arrays."""

    def address(self) -> int:
        """Where ``i64 call(ptr operands, ptr results)`` is; it gives 0, or a status.

        Both are blocks of pointers to contiguous arrays.
        """

    def failure(self, status: int) -> Exception:
        """What a status says."""


class ForeignCall(Primitive):
    """Calls a function that is opaque: its derivative needs a rule around the call."""

    name = "foreign_call"
    multiple_results = True

    def evaluate(
        self, *operands: Any, function: Foreign, out_avals: tuple[ShapedArray, ...]
    ) -> list[Any]:
        results = function.evaluate(*operands)
        return [
            np.asarray(y, a.dtype).reshape(a.shape)[()]
            for y, a in zip(results, out_avals, strict=True)
        ]

    def abstract_eval(
        self,
        *avals: ShapedArray,
        function: Foreign,
        out_avals: tuple[ShapedArray, ...],
    ) -> list[ShapedArray]:
        return list(out_avals)

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        **params: Any,
    ) -> Any:
        name = params["function"].name
        return without_derivative(
            self,
            primals,
            params,
            f"`{name}` is compiled by Numba, and has no derivative.",
            got="a function that can not be looked into",
            fix="funcgrad.custom_jvp or funcgrad.custom_vjp around the call, "
            "or stop_gradient of its arguments",
        )

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        **params: Any,
    ) -> Any:
        results = call_for_each(self, size, operands, dims, params)
        return results, [0] * len(results)

    def lower(
        self,
        ctx: Any,
        *operands: Any,
        function: Foreign,
        out_avals: tuple[ShapedArray, ...],
    ) -> Any:
        return ctx.lower_foreign(
            *operands,
            address=function.address(),
            out_avals=out_avals,
            error=function.failure,
        )


foreign_call_p = ForeignCall()
