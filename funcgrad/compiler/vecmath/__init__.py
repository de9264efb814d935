"""Mathematical functions as explicit vector code, by name, for ``Builder.math``."""

from __future__ import annotations

from collections.abc import Callable

from funcgrad.compiler.arithmetic import Arithmetic
from funcgrad.compiler.value import FLOAT32, FLOAT64, Value
from funcgrad.compiler.vecmath import (
    error_function,
    exponential,
    gamma,
    hyperbolic,
    inverse_trigonometric,
    logarithm,
    power,
    remainder,
    roots,
    trigonometric,
)

Emit = Callable[..., Value]


def _through_double(name: str, emit: Emit) -> Emit:
    """``emit``, made for float64, for float32 as well: computed wide, then rounded."""

    def wide(b: Arithmetic, *values: Value) -> Value:
        if values[0].dtype != FLOAT32:
            return emit(b, *values)
        result = b.math(name, *(b.convert(v, FLOAT64) for v in values))
        return b.convert(result, FLOAT32)

    return wide


_FLOAT64_ONLY: dict[str, Emit] = {
    "acos": inverse_trigonometric.acos,
    "acosh": hyperbolic.acosh,
    "asin": inverse_trigonometric.asin,
    "asinh": hyperbolic.asinh,
    "atan": inverse_trigonometric.atan,
    "atan2": inverse_trigonometric.atan2,
    "atanh": hyperbolic.atanh,
    "cbrt": power.cbrt,
    "cosh": hyperbolic.cosh,
    "digamma": gamma.digamma,
    "erf_inv": error_function.erf_inv,
    "lgamma": gamma.lgamma,
    "sinh": hyperbolic.sinh,
}

REAL: dict[str, Emit] = {
    "cos": trigonometric.cos,
    "erf": error_function.erf,
    "erfc": error_function.erfc,
    "exp": exponential.exp,
    "exp2": exponential.exp2,
    "expm1": exponential.expm1,
    "fmod": remainder.fmod,
    "hypot": roots.hypot,
    "log": logarithm.log,
    "log10": logarithm.log10,
    "log1p": logarithm.log1p,
    "log2": logarithm.log2,
    "logaddexp": logarithm.logaddexp,
    "logaddexp2": logarithm.logaddexp2,
    "logistic": exponential.logistic,
    "pow": power.pow,
    "sin": trigonometric.sin,
    "sqrt": roots.sqrt,
    "tan": trigonometric.tan,
    "tanh": hyperbolic.tanh,
    **{name: _through_double(name, emit) for name, emit in _FLOAT64_ONLY.items()},
}
COMPLEX: dict[str, Emit] = {}

# Emitted at the place of use: a call would cost more than the instruction.
INLINE = frozenset({"sqrt"})
