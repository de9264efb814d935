"""NumPy's universal functions, each with the operation that it is on traced values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad import ops
from funcgrad.core.trace import typeof
from funcgrad.deferred import deferred_module
from funcgrad.numpy import contraction
from funcgrad.numpy.product_ufunc import ProductUfunc
from funcgrad.numpy.ufunc import Ufunc
from funcgrad.ops.casting import convert_element_type
from funcgrad.ops.elementwise import broadcast_and_promote, broadcast_shapes

if TYPE_CHECKING:
    from funcgrad.ops.control import loops
else:
    loops = deferred_module("funcgrad.ops.control.loops")


def _same(x: Any) -> Any:
    return x


def _copysign(x: Any, y: Any) -> Any:
    size = ops.abs(x)
    return ops.where(ops.signbit(y), ops.neg(size), size)


def _fmax(x: Any, y: Any) -> Any:
    return ops.where(ops.is_nan(x), y, ops.where(ops.is_nan(y), x, ops.max(x, y)))


def _fmin(x: Any, y: Any) -> Any:
    return ops.where(ops.is_nan(x), y, ops.where(ops.is_nan(y), x, ops.min(x, y)))


def _heaviside(x: Any, at_zero: Any) -> Any:
    step = ops.where(ops.lt(x, 0.0), 0.0, ops.where(ops.gt(x, 0.0), 1.0, at_zero))
    return ops.where(ops.is_nan(x), math.nan, step)


def _to_bool(x: Any) -> Any:
    return convert_element_type(x, np.bool_)


def _logical_and(x: Any, y: Any) -> Any:
    return ops.bitwise_and(_to_bool(x), _to_bool(y))


def _logical_or(x: Any, y: Any) -> Any:
    return ops.bitwise_or(_to_bool(x), _to_bool(y))


def _logical_xor(x: Any, y: Any) -> Any:
    return ops.bitwise_xor(_to_bool(x), _to_bool(y))


def _logical_not(x: Any) -> Any:
    return ops.bitwise_not(_to_bool(x))


def _ldexp(x: Any, exponent: Any) -> Any:
    """``x * 2 ** exponent`` in three steps, each a power of two in range."""
    dtype = typeof(x).dtype
    bits = 3 * (np.finfo(dtype).maxexp - 2)
    left = ops.clamp(-bits, exponent, bits)
    third = ops.floor_divide(left, 3)
    rest = ops.sub(left, ops.mul(third, 2))
    for step in (third, third, rest):
        x = ops.mul(x, ops.exp2(convert_element_type(step, dtype)))
    return x


def _frexp(x: Any) -> tuple[Any, Any]:
    """Mantissa in [0.5, 1) and exponent, from a logarithm that may be one off."""
    dtype = typeof(x).dtype
    special = ops.bitwise_or(ops.eq(x, 0.0), ops.bitwise_not(ops.is_finite(x)))
    size = ops.where(special, dtype.type(1), ops.abs(x))
    guess = ops.add(ops.floor(ops.log2(size)), 1.0)
    exponent = convert_element_type(ops.stop_gradient(guess), np.int32)
    mantissa = _ldexp(size, ops.neg(exponent))
    step = ops.sub(
        convert_element_type(ops.ge(mantissa, 1.0), np.int32),
        convert_element_type(ops.lt(mantissa, 0.5), np.int32),
    )
    exponent = ops.where(special, np.int32(0), ops.add(exponent, step))
    return ops.where(special, x, _ldexp(x, ops.neg(exponent))), exponent


def _modf(x: Any) -> tuple[Any, Any]:
    whole = ops.trunc(x)
    fraction = ops.where(ops.is_inf(x), 0.0, ops.sub(x, whole))
    return _copysign(fraction, x), whole


def _divmod(x: Any, y: Any) -> tuple[Any, Any]:
    return ops.floor_divide(x, y), ops.mod(x, y)


def _spacing(x: Any) -> Any:
    size = ops.abs(x)
    step = ops.sub(ops.nextafter(size, math.inf), size)
    return ops.where(ops.lt(x, 0.0), ops.neg(step), step)


def _count_bits(x: Any) -> Any:
    signed = typeof(x).dtype.kind == "i"
    return ops.population_count(ops.abs(x) if signed else x)


def _greatest_divisor(x: Any, y: Any) -> Any:
    """Euclid's algorithm on all entries at once."""
    x, y = broadcast_and_promote(ops.abs(x), ops.abs(y))
    shape = broadcast_shapes(typeof(x).shape, typeof(y).shape)
    start = (ops.broadcast_to(x, shape), ops.broadcast_to(y, shape))

    def step(pair: Any) -> Any:
        a, b = pair
        done = ops.eq(b, 0)
        return ops.where(done, a, b), ops.where(
            done, b, ops.mod(a, ops.where(done, 1, b))
        )

    axes = tuple(range(len(shape)))
    return loops.while_loop(
        lambda p: ops.reduce_or(ops.ne(p[1], 0), axes), step, start
    )[0]


def _least_multiple(x: Any, y: Any) -> Any:
    divisor = _greatest_divisor(x, y)
    safe = ops.where(ops.eq(divisor, 0), 1, divisor)
    return ops.abs(ops.mul(ops.floor_divide(x, safe), y))


# arithmetic
add = Ufunc(np.add, ops.add)
subtract = Ufunc(np.subtract, ops.sub)
multiply = Ufunc(np.multiply, ops.mul)
divide = true_divide = Ufunc(np.divide, ops.div)
floor_divide = Ufunc(np.floor_divide, ops.floor_divide)
remainder = mod = Ufunc(np.remainder, ops.mod)
fmod = Ufunc(np.fmod, ops.rem)
divmod = Ufunc(np.divmod, _divmod)
power = pow = Ufunc(np.power, ops.pow)
float_power = Ufunc(np.float_power, ops.pow)
negative = Ufunc(np.negative, ops.neg)
positive = Ufunc(np.positive, _same)
absolute = abs = Ufunc(np.absolute, ops.abs)
fabs = Ufunc(np.fabs, ops.abs)
sign = Ufunc(np.sign, ops.sign)
square = Ufunc(np.square, ops.square)
sqrt = Ufunc(np.sqrt, ops.sqrt)
cbrt = Ufunc(np.cbrt, ops.cbrt)
reciprocal = Ufunc(np.reciprocal, ops.reciprocal)
hypot = Ufunc(np.hypot, ops.hypot)
heaviside = Ufunc(np.heaviside, _heaviside)
conjugate = conj = Ufunc(np.conjugate, ops.conj)
gcd = Ufunc(np.gcd, _greatest_divisor)
lcm = Ufunc(np.lcm, _least_multiple)

# exponentials and logarithms
exp = Ufunc(np.exp, ops.exp)
exp2 = Ufunc(np.exp2, ops.exp2)
expm1 = Ufunc(np.expm1, ops.expm1)
log = Ufunc(np.log, ops.log)
log2 = Ufunc(np.log2, ops.log2)
log10 = Ufunc(np.log10, ops.log10)
log1p = Ufunc(np.log1p, ops.log1p)
logaddexp = Ufunc(np.logaddexp, ops.logaddexp)
logaddexp2 = Ufunc(np.logaddexp2, ops.logaddexp2)

# trigonometric and hyperbolic
sin = Ufunc(np.sin, ops.sin)
cos = Ufunc(np.cos, ops.cos)
tan = Ufunc(np.tan, ops.tan)
arcsin = asin = Ufunc(np.arcsin, ops.asin)
arccos = acos = Ufunc(np.arccos, ops.acos)
arctan = atan = Ufunc(np.arctan, ops.atan)
arctan2 = atan2 = Ufunc(np.arctan2, ops.atan2)
sinh = Ufunc(np.sinh, ops.sinh)
cosh = Ufunc(np.cosh, ops.cosh)
tanh = Ufunc(np.tanh, ops.tanh)
arcsinh = asinh = Ufunc(np.arcsinh, ops.asinh)
arccosh = acosh = Ufunc(np.arccosh, ops.acosh)
arctanh = atanh = Ufunc(np.arctanh, ops.atanh)
degrees = Ufunc(np.degrees, lambda x: ops.mul(x, 180.0 / math.pi))
radians = Ufunc(np.radians, lambda x: ops.mul(x, math.pi / 180.0))
rad2deg = Ufunc(np.rad2deg, lambda x: ops.mul(x, 180.0 / math.pi))
deg2rad = Ufunc(np.deg2rad, lambda x: ops.mul(x, math.pi / 180.0))

# rounding and the parts of a float
floor = Ufunc(np.floor, ops.floor)
ceil = Ufunc(np.ceil, ops.ceil)
trunc = Ufunc(np.trunc, ops.trunc)
rint = Ufunc(np.rint, ops.round)
copysign = Ufunc(np.copysign, _copysign)
signbit = Ufunc(np.signbit, ops.signbit)
nextafter = Ufunc(np.nextafter, ops.nextafter)
spacing = Ufunc(np.spacing, _spacing)
ldexp = Ufunc(np.ldexp, _ldexp)
frexp = Ufunc(np.frexp, _frexp)
modf = Ufunc(np.modf, _modf)
isnan = Ufunc(np.isnan, ops.is_nan)
isinf = Ufunc(np.isinf, ops.is_inf)
isfinite = Ufunc(np.isfinite, ops.is_finite)

# comparison, extremes and logic
equal = Ufunc(np.equal, ops.eq)
not_equal = Ufunc(np.not_equal, ops.ne)
less = Ufunc(np.less, ops.lt)
less_equal = Ufunc(np.less_equal, ops.le)
greater = Ufunc(np.greater, ops.gt)
greater_equal = Ufunc(np.greater_equal, ops.ge)
maximum = Ufunc(np.maximum, ops.max)
minimum = Ufunc(np.minimum, ops.min)
fmax = Ufunc(np.fmax, _fmax)
fmin = Ufunc(np.fmin, _fmin)
logical_and = Ufunc(np.logical_and, _logical_and)
logical_or = Ufunc(np.logical_or, _logical_or)
logical_xor = Ufunc(np.logical_xor, _logical_xor)
logical_not = Ufunc(np.logical_not, _logical_not)

# bits
bitwise_and = Ufunc(np.bitwise_and, ops.bitwise_and)
bitwise_or = Ufunc(np.bitwise_or, ops.bitwise_or)
bitwise_xor = Ufunc(np.bitwise_xor, ops.bitwise_xor)
invert = bitwise_not = bitwise_invert = Ufunc(np.invert, ops.bitwise_not)
left_shift = bitwise_left_shift = Ufunc(np.left_shift, ops.shift_left)
right_shift = bitwise_right_shift = Ufunc(np.right_shift, ops.right_shift)
bitwise_count = Ufunc(np.bitwise_count, _count_bits)

# products of vectors and matrices
matmul = ProductUfunc(np.matmul, contraction.multiply_matrices)
vecdot = ProductUfunc(np.vecdot, contraction.vector_dot)
matvec = ProductUfunc(np.matvec, contraction.matrix_by_vector)
vecmat = ProductUfunc(np.vecmat, contraction.vector_by_matrix)
