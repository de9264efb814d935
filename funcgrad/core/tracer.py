"""ArrayTracer: a traced value that behaves as a NumPy array does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core import numpy_protocol as protocol
from funcgrad.core.conversion import (
    absent_attribute,
    assignment_error,
    conversion_error,
    is_assigned,
    no_dispatch,
    writes_into,
)
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, escaped

_OPERANDS = (Tracer, np.ndarray, np.generic, bool, int, float, complex, list, tuple)


_NUMBERS = frozenset({float, int, np.ndarray})


def _binary(name: str) -> Callable[[Any, Any], Any]:
    """The method of an operator whose left operand is the traced value."""
    operators = protocol.operators

    def method(self: Any, other: Any) -> Any:
        if type(other) in _NUMBERS or isinstance(other, _OPERANDS):
            return operators[name](self, other)
        return NotImplemented

    return method


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    """The method of an operator whose right operand is the traced value."""
    operators = protocol.operators

    def method(self: Any, other: Any) -> Any:
        if type(other) in _NUMBERS or isinstance(other, _OPERANDS):
            return operators[name](other, self)
        return NotImplemented

    return method


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
    __add__ = _binary("add")
    __radd__ = _reflected("add")
    __sub__ = _binary("sub")
    __rsub__ = _reflected("sub")
    __mul__ = _binary("mul")
    __rmul__ = _reflected("mul")
    __truediv__ = _binary("truediv")
    __rtruediv__ = _reflected("truediv")
    __floordiv__ = _binary("floordiv")
    __rfloordiv__ = _reflected("floordiv")
    __mod__ = _binary("mod")
    __rmod__ = _reflected("mod")
    __divmod__ = _binary("divmod")
    __rdivmod__ = _reflected("divmod")
    __pow__ = _binary("pow")
    __rpow__ = _reflected("pow")
    __matmul__ = _binary("matmul")
    __rmatmul__ = _reflected("matmul")
    __and__ = _binary("and_")
    __rand__ = _reflected("and_")
    __or__ = _binary("or_")
    __ror__ = _reflected("or_")
    __xor__ = _binary("xor")
    __rxor__ = _reflected("xor")
    __lshift__ = _binary("lshift")
    __rlshift__ = _reflected("lshift")
    __rshift__ = _binary("rshift")
    __rrshift__ = _reflected("rshift")
    __eq__ = _binary("eq")
    __ne__ = _binary("ne")
    __lt__ = _binary("lt")
    __le__ = _binary("le")
    __gt__ = _binary("gt")
    __ge__ = _binary("ge")

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
        raise TypeError(
            errors.message(
                "unhashable type: a traced value has no number yet to be a key.",
                where=user_frame(),
                got=f"a traced value of {self.aval}",
                expected="a key known while tracing",
                fix="static_argnums=..., or the value's place in a list as the key",
            )
        )

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
        if is_assigned():
            raise assignment_error()
        return float(self._value_for("float", errors.ConcretizationTypeError))

    def __complex__(self) -> complex:
        if is_assigned():
            raise assignment_error()
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

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __reduce__(self) -> Any:
        raise conversion_error("pickle", self, errors.ConcretizationTypeError)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if is_assigned():
            raise assignment_error()
        raise conversion_error("array", self, errors.TracerArrayConversionError)

    @property
    def _numba_type_(self) -> Any:
        """What Numba asks for: a traced value has no type there."""
        raise conversion_error("numba", self, errors.TracerArrayConversionError)

    def _value_for(self, use: str, error: type[errors.FuncgradError]) -> Any:
        value = self.concrete()
        if value is None:
            valid = self.owner.valid
            raise conversion_error(use, self, error) if valid else escaped(self)
        return value

    # NumPy's protocols
    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        if kwargs and any(y is not None for y in kwargs.pop("out", ())):
            raise writes_into(ufunc.__name__)
        if method == "__call__":
            function = protocol.ufuncs.get(ufunc) or protocol.find_ufunc(ufunc)
            if function is not None:
                return function(*inputs, **kwargs)
        elif method in protocol.ufunc_methods and protocol.find_ufunc(ufunc):
            return protocol.ufunc_methods[method](ufunc, *inputs, **kwargs)
        raise no_dispatch(protocol.full_name(ufunc))

    def __array_function__(
        self, function: Any, types: Any, args: Any, kwargs: Any
    ) -> Any:
        known = protocol.find_function(function)
        if known is None:
            raise no_dispatch(f"{function.__module__}.{function.__name__}")
        if kwargs.get("out") is not None:
            raise writes_into(function.__name__)
        kwargs.pop("out", None)
        return known(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        function = protocol.find_method(name)
        if function is None or name in ("getitem", "at"):
            raise absent_attribute(self, name)
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


_PROPERTIES = frozenset({"T", "mT", "real", "imag", "flat", "device"})
