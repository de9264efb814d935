"""Changes of dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import PYTHON_SCALARS, Tracer, typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.cases import between, booleans, case, integers

_ARRAYS = (Tracer, np.ndarray)


class ConvertElementType(Primitive):
    """The same values in another dtype, as ``astype``; linear among inexact dtypes.

    With ``weak_type`` the answer is like a Python scalar of another kind.
    """

    name = "convert_element_type"
    entrywise = True
    linear = True
    cases = (
        case((5, 7), new_dtype=np.dtype(np.float64), weak_type=False),
        case((3,), new_dtype=np.dtype(np.complex128), weak_type=False),
        case((), new_dtype=np.dtype(np.int32), weak_type=False),
        case(between((4,), 1.0, 100.0), new_dtype=np.dtype(np.uint8), weak_type=False),
        case((0,), new_dtype=np.dtype(bool), weak_type=False),
        case(integers((6,)), new_dtype=np.dtype(np.float64), weak_type=False),
        case(integers((6,), -300, 300), new_dtype=np.dtype(np.int8), weak_type=False),
        case(booleans((6,)), new_dtype=np.dtype(np.complex64), weak_type=False),
        case((), new_dtype=np.dtype(np.float64), weak_type=True),
    )

    def evaluate(self, x: Any, *, new_dtype: np.dtype[Any], weak_type: bool) -> Any:
        if type(x) is float and new_dtype.char == "d":
            return x if weak_type else np.float64(x)
        if weak_type and type(x) in PYTHON_SCALARS:
            return new_dtype.type(x).item()
        x = np.asarray(x)
        if x.dtype.kind == "c" and new_dtype.kind not in "cb":
            x = x.real
        with np.errstate(invalid="ignore", over="ignore"):
            return x.astype(new_dtype)[()]

    def abstract_eval(
        self, x: ShapedArray, *, new_dtype: np.dtype[Any], weak_type: bool
    ) -> ShapedArray:
        return x.update(dtype=new_dtype, weak_type=weak_type)

    def jvp(
        self,
        primals: Sequence[Any],
        tangents: Sequence[Any],
        *,
        new_dtype: np.dtype[Any],
        weak_type: bool,
    ) -> Any:
        y = self.bind(*primals, new_dtype=new_dtype, weak_type=weak_type)
        if type(tangents[0]) is Zero or new_dtype.kind not in "fc":
            return y, zero_like(y)
        t = tangents[0]
        if isinstance(t, Tracer) and t.owner.records_only and t.aval.dtype is new_dtype:
            return y, t  # whether it is weak plays no part there
        return y, convert_element_type(t, new_dtype)

    def transpose(
        self, ct: Any, x: Any, *, new_dtype: np.dtype[Any], weak_type: bool
    ) -> list[Any]:
        return [convert_element_type(ct, x.aval.dtype)]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        new_dtype: np.dtype[Any],
        weak_type: bool,
    ) -> Any:
        (x,) = operands
        return self.bind(x, new_dtype=new_dtype, weak_type=weak_type), dims[0]

    def lower(
        self, ctx: Any, x: Any, *, new_dtype: np.dtype[Any], weak_type: bool
    ) -> Any:
        return ctx.map(lambda b, v: b.convert(v, new_dtype), x, dtype=new_dtype)


convert_element_type_p = ConvertElementType()


def convert_element_type(x: Any, new_dtype: Any) -> Any:
    """``x`` with another dtype; the same value where it has it and is not weak.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.convert_element_type(np.array([1.7, -1.7]), int)
    array([ 1, -1])
    """
    dtype = canonical_dtype(new_dtype)
    if type(x) in PYTHON_SCALARS:
        return convert_element_type_p.evaluate(x, new_dtype=dtype, weak_type=False)
    aval = typeof(x)
    if aval.dtype == dtype and not aval.weak_type:
        return x if isinstance(x, (Tracer, np.ndarray, np.generic)) else np.asarray(x)
    return convert_element_type_p.bind(x, new_dtype=dtype, weak_type=False)


def share_dtype(x: Any, y: Any) -> bool:
    """Whether two arrays, traced or not, have one dtype that is not weak already."""
    if not (isinstance(x, _ARRAYS) and isinstance(y, _ARRAYS)):
        return False
    a = x.strong_dtype if isinstance(x, Tracer) else x.dtype
    b = y.strong_dtype if isinstance(y, Tracer) else y.dtype
    return a is b and a is not None


def convert_weak(x: Any, new_dtype: np.dtype[Any]) -> Any:
    """A traced Python scalar as one of another kind: an int that meets a float."""
    return convert_element_type_p.bind(x, new_dtype=new_dtype, weak_type=True)


def strong(x: Any) -> Any:
    """``x`` with the dtype that a Python scalar has as an array."""
    aval = typeof(x)
    return convert_element_type(x, aval.dtype) if aval.weak_type else x
