"""NumPy's order of numbers, in which NaN comes last, as text."""

import numpy as np
from numpy.typing import DTypeLike

_INTEGER_KINDS = {"i": "slt", "u": "ult", "b": "ult"}
_FLOATS = {2: "half", 4: "float", 8: "double"}


def sortable(dtype: DTypeLike) -> np.dtype:
    """The dtype, if compiled programs can sort arrays of it; else a TypeError."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "biufc" or dtype.itemsize > (16 if dtype.kind == "c" else 8):
        raise TypeError(f"arrays of {dtype} cannot be sorted in a compiled program")
    return dtype


def llvm_type(dtype: np.dtype) -> str:
    """How LLVM calls an entry in memory."""
    if dtype.kind == "c":
        part = _FLOATS[dtype.itemsize // 2]
        return f"{{ {part}, {part} }}"
    return _FLOATS[dtype.itemsize] if dtype.kind == "f" else f"i{8 * dtype.itemsize}"


def less_function(symbol: str, dtype: np.dtype) -> str:
    """Function ``symbol``.less(x, y): NumPy's order, in which NaN comes last."""
    kind = llvm_type(dtype)
    if dtype.kind == "c":
        body = _COMPLEX_LESS.format(kind=kind, part=_FLOATS[dtype.itemsize // 2])
    elif dtype.kind == "f":
        body = _FLOAT_LESS.format(kind=kind)
    else:
        order = _INTEGER_KINDS[dtype.kind]
        body = f"  %less = icmp {order} {kind} %x, %y\n"
    return (
        f"define internal i1 @{symbol}.less({kind} %x, {kind} %y) alwaysinline {{\n"
        + body
        + "  ret i1 %less\n}\n"
    )


_FLOAT_LESS = """  %below = fcmp olt {kind} %x, %y
  %y.nan = fcmp uno {kind} %y, %y
  %x.number = fcmp ord {kind} %x, %x
  %last = and i1 %y.nan, %x.number
  %less = or i1 %below, %last
"""

# By real parts first; where these are equal or both NaN, by imaginary parts. A number
# with one NaN part comes after all that have none, before those with more.
_COMPLEX_LESS = """  %x.re = extractvalue {kind} %x, 0
  %x.im = extractvalue {kind} %x, 1
  %y.re = extractvalue {kind} %y, 0
  %y.im = extractvalue {kind} %y, 1
  %re.below = fcmp olt {part} %x.re, %y.re
  %re.above = fcmp ogt {part} %x.re, %y.re
  %re.equal = fcmp oeq {part} %x.re, %y.re
  %im.below = fcmp olt {part} %x.im, %y.im
  %x.re.nan = fcmp uno {part} %x.re, %x.re
  %y.re.nan = fcmp uno {part} %y.re, %y.re
  %x.im.number = fcmp ord {part} %x.im, %x.im
  %y.im.nan = fcmp uno {part} %y.im, %y.im
  %im.last = and i1 %y.im.nan, %x.im.number
  %re.nans = and i1 %x.re.nan, %y.re.nan
  %tie = or i1 %re.equal, %re.nans
  %if.below = or i1 %x.im.number, %y.im.nan
  %if.tie = or i1 %im.below, %im.last
  %else = select i1 %tie, i1 %if.tie, i1 %y.re.nan
  %not.below = select i1 %re.above, i1 %im.last, i1 %else
  %less = select i1 %re.below, i1 %if.below, i1 %not.below
"""
