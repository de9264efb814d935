"""The ndarray methods and properties of traced values that only call a function."""

from __future__ import annotations

from typing import Any

from funcgrad import errors
from funcgrad.core.numpy_protocol import defines_method
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.numpy import elementwise, indexing, shape, ufuncs
from funcgrad.numpy.dispatch import to_array


@defines_method("T")
def transposed(x: Any) -> Any:
    """The axes in reverse order."""
    return shape.transpose(x)


@defines_method("mT")
def matrix_transposed(x: Any) -> Any:
    """The last two axes exchanged."""
    return shape.matrix_transpose(x)


@defines_method("reshape")
def reshape(x: Any, *extents: Any, order: str = "C", copy: Any = None) -> Any:
    """The same entries under another shape, given as a tuple or one by one."""
    single = len(extents) == 1 and not hasattr(extents[0], "__index__")
    return shape.reshape(x, tuple(extents[0]) if single else extents, order)


@defines_method("transpose")
def transpose(x: Any, *axes: Any) -> Any:
    """The axes in another order, given as a tuple or one by one."""
    if not axes or axes == (None,):
        return shape.transpose(x)
    single = len(axes) == 1 and isinstance(axes[0], (tuple, list))
    return shape.transpose(x, axes[0] if single else axes)


@defines_method("astype")
def astype(
    x: Any,
    dtype: Any,
    order: str = "K",
    casting: str = "unsafe",
    subok: bool = True,
    copy: bool = True,
) -> Any:
    """The same values in another dtype."""
    return to_array(x, dtype)


@defines_method("flatten")
def flatten(x: Any, order: str = "C") -> Any:
    """All entries in one axis."""
    return shape.ravel(x, order)


@defines_method("copy")
def copy(x: Any, order: str = "C") -> Any:
    """The value: nothing can write into it."""
    return x


@defines_method("real")
def real(x: Any) -> Any:
    """Real part."""
    return elementwise.real(x)


@defines_method("imag")
def imag(x: Any) -> Any:
    """Imaginary part."""
    return elementwise.imag(x)


@defines_method("conj")
def conj(x: Any) -> Any:
    """Complex conjugate."""
    return ufuncs.conjugate(x)


@defines_method("fill")
def fill(x: Any, value: Any) -> Any:
    """Refused: it writes into the array."""
    raise errors.InPlaceUpdateError(
        errors.message(
            "`fill` writes into an array in place.",
            where=user_frame(),
            got=f"a traced {typeof(x)}",
            expected="an expression that gives a new array",
            fix="x = funcgrad.numpy.full_like(x, value)",
            see=errors.InPlaceUpdateError.page,
        )
    )


defines_method("ravel")(shape.ravel)
defines_method("squeeze")(shape.squeeze)
defines_method("swapaxes")(shape.swapaxes)
defines_method("repeat")(shape.repeat)
defines_method("take")(indexing.take)
defines_method("nonzero")(indexing.nonzero)
defines_method("choose")(indexing.choose)
defines_method("compress")(
    lambda x, condition, axis=None, out=None: indexing.compress(condition, x, axis)
)
defines_method("conjugate")(conj)
defines_method("clip")(elementwise.clip)
defines_method("round")(elementwise.round)
