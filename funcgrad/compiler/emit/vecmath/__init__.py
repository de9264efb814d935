"""Mathematical functions as explicit vector code, by name, for ``Builder.math``."""

from __future__ import annotations

from collections.abc import Callable

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import COMPLEX64, COMPLEX128, FLOAT32, FLOAT64, Value
from funcgrad.compiler.emit.vecmath import (
    complex_exponential,
    complex_inverse,
    complex_trigonometric,
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


_WIDER = {FLOAT32: FLOAT64, COMPLEX64: COMPLEX128}


def _through_double(name: str, emit: Emit) -> Emit:
    """``emit``, made for the wide dtype, for the narrow one too: rounded at the end."""

    def wide(b: Arithmetic, *values: Value) -> Value:
        narrow = values[0].dtype
        if narrow not in _WIDER:
            return emit(b, *values)
        result = b.math(name, *(b.convert(v, _WIDER[narrow]) for v in values))
        return b.convert(result, narrow)

    return wide


_FLOAT64_ONLY: dict[str, Emit] = {
    "cbrt": power.cbrt,
    "digamma": gamma.digamma,
    "lgamma": gamma.lgamma,
}

REAL: dict[str, Emit] = {
    "acos": inverse_trigonometric.acos,
    "acosh": hyperbolic.acosh,
    "asin": inverse_trigonometric.asin,
    "asinh": hyperbolic.asinh,
    "atan": inverse_trigonometric.atan,
    "atan2": inverse_trigonometric.atan2,
    "atanh": hyperbolic.atanh,
    "cos": trigonometric.cos,
    "cosh": hyperbolic.cosh,
    "erf": error_function.erf,
    "erf_inv": error_function.erf_inv,
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
    "sinh": hyperbolic.sinh,
    "sqrt": roots.sqrt,
    "tan": trigonometric.tan,
    "tanh": hyperbolic.tanh,
    **{name: _through_double(name, emit) for name, emit in _FLOAT64_ONLY.items()},
}
_COMPLEX128_ONLY: dict[str, Emit] = {
    "acos": complex_inverse.acos,
    "acosh": complex_inverse.acosh,
    "asin": complex_inverse.asin,
    "asinh": complex_inverse.asinh,
    "atan": complex_inverse.atan,
    "atanh": complex_inverse.atanh,
    "cos": complex_trigonometric.cos,
    "cosh": complex_trigonometric.cosh,
    "exp": complex_exponential.exp,
    "expm1": complex_exponential.expm1,
    "log": complex_exponential.log,
    "log1p": complex_exponential.log1p,
    "logistic": complex_exponential.logistic,
    "pow": complex_exponential.pow,
    "sin": complex_trigonometric.sin,
    "sinh": complex_trigonometric.sinh,
    "sqrt": complex_exponential.sqrt,
    "tan": complex_trigonometric.tan,
    "tanh": complex_trigonometric.tanh,
}
COMPLEX: dict[str, Emit] = {
    name: _through_double(name, emit) for name, emit in _COMPLEX128_ONLY.items()
}

# Emitted at the place of use: a call would cost more than the instruction.
INLINE = frozenset({"sqrt"})
FASTER_ALONE = frozenset({"exp", "log", "pow"})
"""What libm computes from tables in less time than it takes without, for one number."""
