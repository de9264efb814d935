"""ArrayTracer: a traced value that behaves as a NumPy array does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core import numpy_protocol as protocol
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer

_OPERANDS = (Tracer, np.ndarray, np.generic, bool, int, float, complex, list, tuple)


def _binary(name: str, left: Any, right: Any) -> Any:
    if not isinstance(left, _OPERANDS) or not isinstance(right, _OPERANDS):
        return NotImplemented
    return protocol.operators[name](left, right)


class ArrayTracer(Tracer):
    """Operators, methods and conversions of a traced value."""

    __slots__ = ()
    __array_priority__ = 1000.0

    # attributes
    @property
    def shape(self) -> tuple[int, ...]:
        return self.aval.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.aval.dtype

    @property
    def ndim(self) -> int:
        return len(self.aval.shape)

    @property
    def size(self) -> int:
        return self.aval.size

    @property
    def itemsize(self) -> int:
        return self.aval.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def weak_type(self) -> bool:
        return self.aval.weak_type

    # operators
    def __add__(self, other: Any) -> Any:
        return _binary("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _binary("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _binary("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _binary("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return _binary("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _binary("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _binary("truediv", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _binary("truediv", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _binary("floordiv", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _binary("floordiv", other, self)

    def __mod__(self, other: Any) -> Any:
        return _binary("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _binary("mod", other, self)

    def __divmod__(self, other: Any) -> Any:
        return _binary("divmod", self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return _binary("divmod", other, self)

    def __pow__(self, other: Any) -> Any:
        return _binary("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _binary("pow", other, self)

    def __matmul__(self, other: Any) -> Any:
        return _binary("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _binary("matmul", other, self)

    def __and__(self, other: Any) -> Any:
        return _binary("and_", self, other)

    def __rand__(self, other: Any) -> Any:
        return _binary("and_", other, self)

    def __or__(self, other: Any) -> Any:
        return _binary("or_", self, other)

    def __ror__(self, other: Any) -> Any:
        return _binary("or_", other, self)

    def __xor__(self, other: Any) -> Any:
        return _binary("xor", self, other)

    def __rxor__(self, other: Any) -> Any:
        return _binary("xor", other, self)

    def __lshift__(self, other: Any) -> Any:
        return _binary("lshift", self, other)

    def __rlshift__(self, other: Any) -> Any:
        return _binary("lshift", other, self)

    def __rshift__(self, other: Any) -> Any:
        return _binary("rshift", self, other)

    def __rrshift__(self, other: Any) -> Any:
        return _binary("rshift", other, self)

    def __eq__(self, other: object) -> Any:
        return _binary("eq", self, other)

    def __ne__(self, other: object) -> Any:
        return _binary("ne", self, other)

    def __lt__(self, other: Any) -> Any:
        return _binary("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return _binary("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return _binary("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return _binary("ge", self, other)

    def __neg__(self) -> Any:
        return protocol.operators["neg"](self)

    def __pos__(self) -> Any:
        return protocol.operators["pos"](self)

    def __abs__(self) -> Any:
        return protocol.operators["abs"](self)

    def __invert__(self) -> Any:
        return protocol.operators["invert"](self)

    def __round__(self, ndigits: int = 0) -> Any:
        return protocol.methods["round"](self, ndigits)

    def __hash__(self) -> int:
        raise TypeError(f"unhashable type: a traced value of {self.aval}")

    # indexing and iteration
    def __getitem__(self, index: Any) -> Any:
        return protocol.methods["getitem"](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise errors.InPlaceUpdateError(
            errors.message(
                "a traced value can not be written to in place.",
                where=user_frame(),
                got=f"an assignment into {self.aval}",
                expected="an expression that gives a new array",
                fix="x = x.at[index].set(value)   (also .add, .mul, .min, .max)",
                see=errors.InPlaceUpdateError.page,
            )
        )

    def __len__(self) -> int:
        if not self.aval.shape:
            raise TypeError("len() of unsized object: a traced 0-d array")
        return int(self.aval.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if not self.aval.shape:
            raise TypeError("iteration over a 0-d array")
        return iter([self[i] for i in range(self.aval.shape[0])])

    @property
    def at(self) -> Any:
        return protocol.methods["at"](self)

    # conversions
    def __bool__(self) -> bool:
        return bool(self._value_for("bool", errors.TracerBoolConversionError))

    def __float__(self) -> float:
        return float(self._value_for("float", errors.ConcretizationTypeError))

    def __complex__(self) -> complex:
        return complex(self._value_for("complex", errors.ConcretizationTypeError))

    def __int__(self) -> int:
        return int(self._value_for("int", errors.ConcretizationTypeError))

    def __index__(self) -> int:
        value = self._value_for("index", errors.TracerIntegerConversionError)
        return int(np.asarray(value).__index__())

    def item(self, *args: Any) -> Any:
        value = self._value_for("item", errors.ConcretizationTypeError)
        return np.asarray(value).item(*args)

    def tolist(self) -> Any:
        value = self._value_for("tolist", errors.ConcretizationTypeError)
        return np.asarray(value).tolist()

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise conversion_error("array", self, errors.TracerArrayConversionError)

    def _value_for(self, use: str, error: type[errors.FuncgradError]) -> Any:
        value = self.concrete()
        if value is None:
            raise conversion_error(use, self, error)
        return value

    # NumPy's protocols
    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        if kwargs:
            if kwargs.get("out") is not None:
                raise _writes_into(ufunc.__name__, kwargs["out"])
            kwargs.pop("out", None)
        if method == "__call__":
            function = protocol.ufuncs.get(ufunc) or protocol.find_ufunc(ufunc)
            if function is not None:
                return function(*inputs, **kwargs)
        elif method in protocol.ufunc_methods and protocol.find_ufunc(ufunc):
            return protocol.ufunc_methods[method](ufunc, *inputs, **kwargs)
        raise _no_dispatch(f"np.{ufunc.__name__}")

    def __array_function__(
        self, function: Any, types: Any, args: Any, kwargs: Any
    ) -> Any:
        known = protocol.functions.get(function)
        if known is None:
            raise _no_dispatch(f"{function.__module__}.{function.__name__}")
        if kwargs.get("out") is not None:
            raise _writes_into(function.__name__, kwargs["out"])
        kwargs.pop("out", None)
        return known(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        function = protocol.methods.get(name)
        if function is None or name in ("getitem", "at"):
            raise AttributeError(
                f"a traced value has no attribute {name!r} ({self.aval})"
            )
        if name in _PROPERTIES:
            return function(self)
        return lambda *args, **kwargs: function(self, *args, **kwargs)

    def __repr__(self) -> str:
        value = self.concrete()
        shown = "" if value is None else f", value={value}"
        return f"Traced<{self.aval}>({type(self).__name__}{shown})"

    def __format__(self, spec: str) -> str:
        value = self.concrete()
        return repr(self) if value is None or not spec else format(value, spec)


_PROPERTIES = frozenset({"T", "mT", "real", "imag", "flat"})
_USES = {
    "bool": (
        "`if`, `while`, `and`, `or` or `not` needs a value",
        "a Python bool",
        (
            "funcgrad.numpy.where(cond, a, b), "
            "funcgrad.lax.cond(cond, f, g, *operands), "
            "funcgrad.lax.while_loop(cond, body, init), or jit(f, static_argnames=...)"
        ),
    ),
    "float": (
        "`float()` or `math` needs a value",
        "a Python float",
        "leave float() out, or use x.astype(float); np.sin and kin instead of math.sin",
    ),
    "complex": ("`complex()` needs a value", "a Python complex", "x.astype(complex)"),
    "int": (
        "`int()` needs a value",
        "a Python int",
        "x.astype(int), or jit(f, static_argnames=...) for a size or a count",
    ),
    "index": (
        "`range()`, a shape or an index into a Python list needs a value",
        "a Python int",
        (
            "funcgrad.lax.fori_loop(0, n, body, init) for a loop, "
            "a NumPy array instead of the list, "
            "or jit(f, static_argnames=...) for a size"
        ),
    ),
    "item": ("`item()` needs a value", "a Python scalar", "leave .item() out"),
    "tolist": ("`tolist()` needs a value", "a Python list", "iterate over the array"),
    "array": (
        "a NumPy array or a function that takes no traced values needs a value",
        "a NumPy array",
        (
            "x = x.at[i].set(v) instead of filling np.zeros in place; the function of "
            "the same name in funcgrad.numpy; funcgrad.pure_callback for foreign code"
        ),
    ),
}


def conversion_error(
    use: str, tracer: Any, error: type[errors.FuncgradError]
) -> errors.FuncgradError:
    """The error for asking a traced value for its value."""
    problem, expected, fix = _USES[use]
    label = getattr(tracer, "label", "")
    name = getattr(tracer.owner, "name", "")
    origin = f", the argument {label}" if label else ""
    origin += f" of `{name}`" if name else ""
    return error(
        errors.message(
            f"{problem} that is not known while the function is traced.",
            where=user_frame(),
            got=f"a traced {tracer.aval}{origin}",
            expected=expected,
            fix=fix,
            see=error.page,
        )
    )


def _writes_into(name: str, out: Any) -> errors.InPlaceUpdateError:
    return errors.InPlaceUpdateError(
        errors.message(
            f"`{name}` can not write a traced result into an existing array.",
            where=user_frame(),
            got="out=... or an in-place operator such as `a += x` with a traced x",
            expected="an expression that gives a new array",
            fix="a = a + x, or a = a.at[index].add(x)",
            see=errors.InPlaceUpdateError.page,
        )
    )


def _no_dispatch(name: str) -> errors.TracerArrayConversionError:
    return errors.TracerArrayConversionError(
        errors.message(
            f"`{name}` does not take traced values.",
            where=user_frame(),
            got="a traced value among its arguments",
            expected="a function that funcgrad can trace",
            fix="see docs/limitations.md for what replaces it, or wrap the call in "
            "funcgrad.pure_callback",
            see=errors.TracerArrayConversionError.page,
        )
    )
