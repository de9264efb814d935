"""Source templates of operations that work entry by entry, as NumPy expressions."""

from __future__ import annotations

from funcgrad.core.jaxpr import Eqn
from funcgrad.export.numba_source import (
    NoSourceError,
    Writer,
    dtype_text,
    scalar_text,
    template,
    typed,
)

_OPERATORS = {
    "neg": "-{0}",
    "add": "{0} + {1}",
    "sub": "{0} - {1}",
    "mul": "{0} * {1}",
    "div": "{0} / {1}",
    "eq": "{0} == {1}",
    "ne": "{0} != {1}",
    "lt": "{0} < {1}",
    "le": "{0} <= {1}",
    "gt": "{0} > {1}",
    "ge": "{0} >= {1}",
}
_FUNCTIONS = {
    "abs": "np.abs({0})",
    "sign": "np.sign({0})",
    "square": "{0} * {0}",
    "sqrt": "np.sqrt({0})",
    "rsqrt": "1.0 / np.sqrt({0})",
    "cbrt": "np.cbrt({0})",
    "reciprocal": "1.0 / {0}",
    "pow": "{0} ** {1}",
    "exp": "np.exp({0})",
    "exp2": "np.exp2({0})",
    "expm1": "np.expm1({0})",
    "log": "np.log({0})",
    "log2": "np.log2({0})",
    "log10": "np.log10({0})",
    "log1p": "np.log1p({0})",
    "logaddexp": "np.logaddexp({0}, {1})",
    "logaddexp2": "np.logaddexp2({0}, {1})",
    "sin": "np.sin({0})",
    "cos": "np.cos({0})",
    "tan": "np.tan({0})",
    "asin": "np.arcsin({0})",
    "acos": "np.arccos({0})",
    "atan": "np.arctan({0})",
    "atan2": "np.arctan2({0}, {1})",
    "sinh": "np.sinh({0})",
    "cosh": "np.cosh({0})",
    "tanh": "np.tanh({0})",
    "asinh": "np.arcsinh({0})",
    "acosh": "np.arccosh({0})",
    "atanh": "np.arctanh({0})",
    "hypot": "np.hypot({0}, {1})",
    "floor": "np.floor({0})",
    "ceil": "np.ceil({0})",
    "trunc": "np.trunc({0})",
    "round": "np.rint({0})",
    "max": "np.maximum({0}, {1})",
    "min": "np.minimum({0}, {1})",
    "clamp": "np.minimum(np.maximum({1}, {0}), {2})",
    "mod": "np.mod({0}, {1})",
    "rem": "np.fmod({0}, {1})",
    "floor_divide": "{0} // {1}",
    "is_finite": "np.isfinite({0})",
    "nextafter": "np.nextafter({0}, {1})",
    "conj": "np.conj({0})",
    "and": "{0} & {1}",
    "or": "{0} | {1}",
    "xor": "{0} ^ {1}",
    "shift_left": "{0} << {1}",
}
_HELPERS = ("strong_mul", "logistic", "erf", "erfc", "lgamma")
_OF_TRUTH = {"add": "{0} | {1}", "mul": "{0} & {1}", "strong_mul": "{0} & {1}"}


@template(*_OPERATORS, *_FUNCTIONS)
def _formula(w: Writer, eqn: Eqn) -> None:
    name, aval = eqn.primitive.name, eqn.outvars[0].aval
    text = _OPERATORS.get(name) or _FUNCTIONS[name]
    if eqn.invars[0].aval.dtype.kind == "b":
        text = _OF_TRUTH.get(name, text)
    if name in ("div", "reciprocal") and aval.dtype.kind not in "fc":
        raise NoSourceError(f"{name} of {aval.dtype.name}")
    text = text.format(*w.reads(eqn))
    is_closed = name in _OPERATORS and (aval.shape or aval.dtype.kind == "b")
    w.assign(eqn, text if is_closed else typed(text, aval), fuses=True)


@template(*_HELPERS)
def _by_helper(w: Writer, eqn: Eqn) -> None:
    name, aval = eqn.primitive.name, eqn.outvars[0].aval
    if aval.dtype.kind == "b":
        w.assign(eqn, _OF_TRUTH[name].format(*w.reads(eqn)), fuses=True)
        return
    text = f"{w.helper(name)}({', '.join(w.reads(eqn))})"
    w.assign(eqn, typed(text, aval), fuses=True)


@template("not")
def _not(w: Writer, eqn: Eqn) -> None:
    (x,) = w.reads(eqn)
    is_truth = eqn.outvars[0].aval.dtype.kind == "b"
    text = f"np.logical_not({x})" if is_truth else f"~{x}"
    w.assign(eqn, typed(text, eqn.outvars[0].aval), fuses=True)


@template("real", "imag")
def _part(w: Writer, eqn: Eqn) -> None:
    copy = ".copy()" if eqn.outvars[0].aval.shape else ""
    w.assign(eqn, f"{w.read(eqn.invars[0])}.{eqn.primitive.name}{copy}")


@template("stop_gradient", "checkpoint_name")
def _same(w: Writer, eqn: Eqn) -> None:
    w.bind(eqn.outvars[0], w.read(eqn.invars[0]))


@template("integer_pow")
def _integer_pow(w: Writer, eqn: Eqn) -> None:
    """By squares and products, as many as the exponent has binary digits."""
    (x,) = w.reads(eqn)
    aval, y = eqn.outvars[0].aval, eqn.params["y"]
    square, result, left = x, "", abs(y)
    while left:
        if left & 1:
            product = f"{result} * {square}"
            result = w.value(typed(product, aval)) if result else square
        left >>= 1
        if left:
            square = w.value(typed(f"{square} * {square}", aval))
    one = scalar_text(1, aval.dtype)
    if y == 0:
        w.assign(eqn, typed(f"{x} * {scalar_text(0, aval.dtype)} + {one}", aval))
    elif y < 0:
        w.assign(eqn, typed(f"{one} / {result}", aval), fuses=True)
    else:
        w.bind(eqn.outvars[0], result)


@template("select_n")
def _select(w: Writer, eqn: Eqn) -> None:
    which, *operands = w.reads(eqn)
    aval = eqn.outvars[0].aval
    text = operands[-1]
    for k in reversed(range(len(operands) - 1)):
        is_truth = eqn.invars[0].aval.dtype.kind == "b"
        test = which if is_truth else f"{which} > {k}"
        if aval.shape:
            text = f"{w.helper('where')}({test}, {text}, {operands[k]})"
        else:
            text = f"({text} if {test} else {operands[k]})"
    w.assign(eqn, text, fuses=True)


@template("convert_element_type")
def _convert(w: Writer, eqn: Eqn) -> None:
    (x,) = w.reads(eqn)
    old, aval = eqn.invars[0].aval, eqn.outvars[0].aval
    if old.dtype.kind == "c" and aval.dtype.kind not in "cb":
        x = f"{x}.real"
    if aval.dtype.kind == "b":
        w.assign(eqn, f"{x} != 0", fuses=True)
    elif aval.shape:
        w.assign(eqn, f"{x}.astype({dtype_text(aval.dtype)})")
    else:
        w.assign(eqn, f"{dtype_text(aval.dtype)}({x})", fuses=True)
