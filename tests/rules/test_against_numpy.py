"""Entry-by-entry operations: values and dtypes are NumPy's, run at once or compiled."""

import numpy as np
import pytest

from funcgrad import ops
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.errors import DTypeError
from funcgrad.transforms.stage import stage_flat

UNARY = {
    "neg": np.negative,
    "square": np.square,
    "reciprocal": np.reciprocal,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "abs": np.abs,
    "sign": np.sign,
    "real": np.real,
    "imag": np.imag,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "round": np.rint,
    "is_finite": np.isfinite,
    "is_nan": np.isnan,
    "is_inf": np.isinf,
    "signbit": np.signbit,
    "bitwise_not": np.invert,
}
BINARY = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.true_divide,
    "floor_divide": np.floor_divide,
    "mod": np.remainder,
    "rem": np.fmod,
    "pow": np.power,
    "max": np.maximum,
    "min": np.minimum,
    "atan2": np.arctan2,
    "hypot": np.hypot,
    "logaddexp": np.logaddexp,
    "logaddexp2": np.logaddexp2,
    "nextafter": np.nextafter,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "bitwise_and": np.bitwise_and,
    "bitwise_or": np.bitwise_or,
    "bitwise_xor": np.bitwise_xor,
    "shift_left": np.left_shift,
    "right_shift": np.right_shift,
}
DTYPES = "?bhilBHILfdFD"
PAIRS = (
    *((c, c) for c in DTYPES),
    *(("b", "B"), ("i", "l"), ("l", "f"), ("?", "d"), ("f", "D"), ("H", "i")),
)
EDGES = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -3.5, 1e300, np.inf, -np.inf, np.nan])
TOLERANCE = {"e": 4e-3, "f": 1e-5, "F": 1e-5, "d": 1e-12, "D": 1e-12}


def sample(char, seed, size=37):
    rng = np.random.default_rng(seed)
    if char == "?":
        return rng.integers(0, 2, size).astype(bool)
    if char in "bhil":
        return rng.integers(-6, 7, size).astype(char)
    if char in "BHIL":
        return rng.integers(0, 7, size).astype(char)
    x = rng.normal(size=size) * 2
    return (
        (x + 1j * rng.normal(size=size)).astype(char)
        if char in "FD"
        else x.astype(char)
    )


def check(operation, reference, operands):
    """The same where ``reference`` has an answer, an error where it has none."""
    avals = [typeof(x) for x in operands]
    with np.errstate(all="ignore"):
        try:
            expected = np.asarray(reference(*operands))
        except (TypeError, ValueError):
            expected = None
        if expected is None:
            with pytest.raises((DTypeError, TypeError, ValueError)):
                operation(*operands)
            return
        now = np.asarray(operation(*operands))
        jaxpr = stage_flat(lambda *xs: [operation(*xs)], avals)
        (native,) = compile_jaxpr(jaxpr)(*operands)
    assert now.dtype == expected.dtype
    assert native.dtype == expected.dtype
    np.testing.assert_array_equal(now, expected)
    tolerance = TOLERANCE.get(expected.dtype.char, 0.0)
    np.testing.assert_allclose(native, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("char", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_unary(name, char):
    x = sample(char, 0)
    if name == "reciprocal" and char not in "fdFD":
        x[x == 0] = 1  # 1 / 0 as an integer depends on the machine
    check(getattr(ops, name), UNARY[name], [x])


@pytest.mark.parametrize("chars", PAIRS, ids="".join)
@pytest.mark.parametrize("name", BINARY)
def test_binary(name, chars):
    x, y = sample(chars[0], 1), sample(chars[1], 2)
    if name in ("pow", "shift_left", "right_shift") and chars[1] in "bhil":
        y = np.abs(y)
    check(getattr(ops, name), BINARY[name], [x, y])


@pytest.mark.parametrize("name", UNARY)
def test_unary_edges(name):
    if name != "bitwise_not":
        check(getattr(ops, name), UNARY[name], [EDGES])


@pytest.mark.parametrize(
    "name", [n for n in BINARY if "bit" not in n and "shift" not in n]
)
def test_binary_edges(name):
    x, y = (a.ravel() for a in np.meshgrid(EDGES, EDGES))
    check(getattr(ops, name), BINARY[name], [x, y])


@pytest.mark.parametrize("name", ["floor_divide", "mod", "rem"])
@pytest.mark.parametrize("char", "bhilBHIL")
def test_integer_division_edges(name, char):
    info = np.iinfo(char)
    values = np.array([0, 1, 2, 3, info.max, info.min, info.max - 1], char)
    if info.min:
        values = np.append(values, np.array([-1, -2], char))
    x, y = (np.ascontiguousarray(a.ravel()) for a in np.meshgrid(values, values))
    check(getattr(ops, name), BINARY[name], [x, y])


@pytest.mark.parametrize("name", ["shift_left", "right_shift"])
@pytest.mark.parametrize("char", "bhilBHIL")
def test_shift_by_the_width_and_more(name, char):
    width = 8 * np.dtype(char).itemsize
    amounts = np.array([0, 1, width - 1, width, width + 1, 100], char)
    x = np.full(6, 93 if char in "BHIL" else -93, char)
    check(getattr(ops, name), BINARY[name], [x, amounts])


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 7, 0.5, 2.0, -1.0, 1.5, 1e10])
@pytest.mark.parametrize("char", "ilfdFD")
def test_power_of_a_python_number(exponent, char):
    x = np.abs(sample(char, 3)) if exponent == 1.5 else sample(char, 3)
    if exponent == 1e10:
        x = x.real
    whole = x.dtype.kind == "c" and exponent == int(exponent)
    same = int(exponent) if whole else exponent
    check(lambda x: ops.pow(x, exponent), lambda x: x**same, [x])
