"""Ufunc: a NumPy or SciPy universal function that also takes traced values.

NumPy itself is asked which loop an operation runs, so every result has NumPy's dtype.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors, ops
from funcgrad.core.array import as_array
from funcgrad.core.numpy_protocol import (
    implements,
    special_ufuncs,
    ufunc_methods,
)
from funcgrad.core.source import user_frame
from funcgrad.core.trace import PYTHON_SCALARS, Tracer, typeof
from funcgrad.docstrings import Docstring
from funcgrad.numpy.dispatch import given, is_traced, to_array, wrap_result
from funcgrad.ops.casting import convert_element_type, strong
from funcgrad.ops.elementwise import broadcast_shapes

Operation = Callable[..., Any]
_PYTHON_KINDS = {"i": int, "f": float, "c": complex}
_loops: dict[Any, tuple[np.dtype[Any], ...]] = {}
_NOTES = """\
A universal function, on arrays and traced values: operands are broadcast together, and
their dtypes promoted as NumPy does. ``where``, ``dtype`` and ``casting`` are as there;
see `Ufunc` for its methods ``reduce``, ``accumulate``, ``outer``, ``reduceat``, ``at``.
"""


class Ufunc:
    """A universal function: entry by entry, with broadcasting and promotion.

    Calling it takes what NumPy's function takes (``where=``, ``dtype=``, ``casting=``;
    ``out=`` only if nothing is traced). It has ``reduce``, ``accumulate``, ``outer``,
    ``reduceat`` and ``at`` as well; ``at``, which writes into its operand, is refused
    for traced values.

    Parameters
    ----------
    numpy : np.ufunc
        The function on arrays.
    operation : callable
        The same on traced operands that have the dtypes of one of NumPy's loops.

    Examples
    --------
    >>> import funcgrad.numpy as fnp
    >>> fnp.add.reduce(np.array([[1, 2], [3, 4]]))
    Array([4, 6])
    """

    __doc__ = Docstring(__doc__, "ufuncs", notes=_NOTES)

    def __init__(self, numpy: np.ufunc, operation: Operation) -> None:
        self._numpy: np.ufunc | None = numpy
        self._describe(numpy.__name__, operation)
        implements(numpy)(self.traced)

    def _describe(self, name: str, operation: Operation) -> None:
        self.operation = operation
        self._unary: dict[int, np.dtype[Any]] = {}  # by identity: hashes take longer
        self._direct: dict[tuple[Any, ...] | None, tuple[np.dtype[Any], ...]] = {}
        self.__name__ = self.__qualname__ = name

    @property
    def numpy(self) -> np.ufunc:
        """NumPy's or SciPy's function."""
        assert self._numpy is not None
        return self._numpy

    @property
    def nin(self) -> int:
        """Number of operands."""
        return self.numpy.nin

    @property
    def nout(self) -> int:
        """Number of results."""
        return self.numpy.nout

    @property
    def nargs(self) -> int:
        """Number of operands and results."""
        return self.numpy.nargs

    @property
    def identity(self) -> Any:
        """What leaves any operand as it is, or None."""
        return self.numpy.identity

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the function to arrays, scalars, lists and traced values."""
        for x in args:
            if type(x) in (list, tuple) and is_traced(x):
                args = tuple([to_array(x) if is_traced(x) else x for x in args])
                break
        # A traced operand takes the call over through NumPy's own protocol.
        result = (self._numpy or self.numpy)(*args, **kwargs)
        return wrap_result(result, self.__name__, args)

    def traced(self, *args: Any, **options: Any) -> Any:
        """The function on operands of which one at least is traced."""
        if not options:
            if len(args) == 1:  # a traced value
                (x,) = args
                if id(x.strong_dtype) in self._unary:
                    return self.operation(x)
                if id(x.aval.dtype) in self._unary:
                    return self.operation(strong(x))
            loop = self._direct.get(_kinds(args))
            if loop is not None:
                return self.operation(
                    *[
                        kind.type(x) if type(x) in PYTHON_SCALARS else x
                        for x, kind in zip(args, loop)
                    ]
                )
        return self._by_loop(*args, **options)

    def _by_loop(
        self,
        *args: Any,
        where: Any = True,
        dtype: Any = None,
        casting: str = "same_kind",
        order: str = "K",
        subok: bool = True,
        signature: Any = None,
        sig: Any = None,
    ) -> Any:
        """Convert the operands as NumPy's loop does, and the results if need be."""
        asked = signature if given(signature) else sig
        if given(dtype):
            asked = (None,) * self.nin + (np.dtype(dtype),) * self.nout
        operands = [_operand(x) for x in args]
        loop = resolve_loop(self.numpy, operands, asked, casting)
        converted = [
            _to_loop_dtype(x, kind)
            for x, kind in zip(operands, loop[: self.nin], strict=True)
        ]
        result = self.operation(*converted)
        results = result if self.nout > 1 else (result,)
        self._remember(converted if self.nin == 1 else operands, results, loop)
        finished = [
            _masked(_finish(y, kind), where)
            for y, kind in zip(results, loop[self.nin :], strict=True)
        ]
        return tuple(finished) if self.nout > 1 else finished[0]

    def _remember(self, operands: Any, results: Any, loop: Any) -> None:
        """Whether operands of these kinds may go to the operation as they are."""
        kinds, results = _kinds(operands), _kinds(results)
        if kinds is None or results != loop[self.nin :]:
            return
        if all(
            k in PYTHON_SCALARS or k == d for k, d in zip(kinds, loop, strict=False)
        ):
            self._direct[kinds] = loop[: self.nin]
            if self.nin == 1:
                self._unary[id(loop[0])] = loop[0]

    def reduce(self, array: Any, axis: Any = 0, *args: Any, **kwargs: Any) -> Any:
        """Fold the entries along axes, ``((x0 op x1) op x2) ...``."""
        return as_array(self.numpy.reduce(_stacked(array), axis, *args, **kwargs))

    def accumulate(self, array: Any, axis: int = 0, *args: Any, **kwargs: Any) -> Any:
        """All partial results of ``reduce`` along one axis."""
        return as_array(self.numpy.accumulate(_stacked(array), axis, *args, **kwargs))

    def outer(self, A: Any, B: Any, /, **kwargs: Any) -> Any:
        """The function on every pair of an entry of ``A`` and one of ``B``."""
        return as_array(self.numpy.outer(_stacked(A), _stacked(B), **kwargs))

    def reduceat(self, array: Any, indices: Any, axis: int = 0, **kwargs: Any) -> Any:
        """``reduce`` over the slices that start at ``indices`` (known, not traced)."""
        return as_array(self.numpy.reduceat(_stacked(array), indices, axis, **kwargs))

    def at(self, a: Any, indices: Any, *b: Any) -> None:
        """Apply in place at ``indices``; for arrays, not for traced values."""
        self.numpy.at(a, indices, *b)

    def __repr__(self) -> str:
        return f"<ufunc {self.__name__!r}>"


class SpecialUfunc(Ufunc):
    """A universal function of ``scipy.special``, which is loaded when first called.

    Parameters
    ----------
    name : str
        Its name there.
    operation : callable
        The same on traced operands that have the dtypes of one of SciPy's loops.
    """

    __doc__ = Docstring(__doc__, "special", notes=_NOTES)

    def __init__(self, name: str, operation: Operation) -> None:
        self._numpy = None
        self._describe(name, operation)
        special_ufuncs[name] = self.traced

    @property
    def numpy(self) -> np.ufunc:
        """SciPy's function."""
        if self._numpy is None:
            self._numpy = getattr(
                importlib.import_module("scipy.special"), self.__name__
            )
        return self._numpy


def _stacked(x: Any) -> Any:
    return to_array(x) if is_traced(x) else x


def _kinds(values: Sequence[Any]) -> tuple[Any, ...] | None:
    """The dtypes of arrays, the types of Python scalars; None if a value is neither."""
    kinds: list[Any] = []
    for x in values:
        if isinstance(x, Tracer):
            aval = x.aval
            if aval.weak_type:
                return None
            kinds.append(aval.dtype)
        elif type(x) in PYTHON_SCALARS:
            kinds.append(type(x))
        elif isinstance(x, (np.ndarray, np.generic)):
            kinds.append(x.dtype)
        else:
            return None
    return tuple(kinds)


def _operand(x: Any) -> Any:
    """An operand as it is; only lists and foreign arrays are made into arrays."""
    if isinstance(x, (Tracer, np.ndarray, np.generic, bool, int, float, complex)):
        return x
    return to_array(x)


def resolve_loop(
    ufunc: np.ufunc, operands: list[Any], signature: Any, casting: Any
) -> tuple[np.dtype[Any], ...]:
    """The dtypes of operands and results of the loop that NumPy would run."""
    kinds: list[Any] = []
    for x in operands:
        aval = typeof(x)
        weak = aval.weak_type and aval.dtype.kind in _PYTHON_KINDS
        kinds.append(_PYTHON_KINDS[aval.dtype.kind] if weak else aval.dtype)
    key = (ufunc, tuple(kinds), signature, casting)
    loop = _loops.get(key)
    if loop is None:
        missing = (None,) * ufunc.nout
        signature = (None,) * ufunc.nargs if signature is None else signature
        loop = ufunc.resolve_dtypes(
            (*kinds, *missing), signature=signature, casting=casting
        )
        _loops[key] = loop
    return loop


def _to_loop_dtype(x: Any, dtype: np.dtype[Any]) -> Any:
    if isinstance(x, (bool, int, float, complex)):
        return dtype.type(x)
    return convert_element_type(x, dtype)


def _finish(y: Any, dtype: np.dtype[Any]) -> Any:
    return convert_element_type(y, dtype) if typeof(y).dtype != dtype else strong(y)


def _masked(y: Any, where: Any) -> Any:
    """``y`` where the mask holds; elsewhere NumPy promises nothing, and we give 0."""
    if where is True:
        return y
    shape = broadcast_shapes(typeof(y).shape, np.shape(where))
    zero = np.zeros((), typeof(y).dtype)
    mask = ops.broadcast_to(to_array(where), shape)
    return ops.where(mask, ops.broadcast_to(y, shape), ops.broadcast_to(zero, shape))


def refuse_at(ufunc: np.ufunc, *args: Any, **kwargs: Any) -> Any:
    """``ufunc.at`` writes into its operand, which no traced value allows."""
    update = {"add": "add", "multiply": "mul", "minimum": "min", "maximum": "max"}
    call = update.get(ufunc.__name__, "apply")
    raise errors.InPlaceUpdateError(
        errors.message(
            f"`np.{ufunc.__name__}.at` writes into an array in place.",
            where=user_frame(),
            got="a traced value among its arguments",
            expected="an expression that gives a new array",
            fix=f"x = x.at[indices].{call}(values)",
            see=errors.InPlaceUpdateError.page,
        )
    )


def outer(ufunc: np.ufunc, A: Any, B: Any, /, **kwargs: Any) -> Any:
    """``ufunc.outer``: the axes of A, then those of B."""
    left, right = _operand(A), _operand(B)
    rank = typeof(right).ndim
    if rank and typeof(left).ndim:
        left = ops.reshape(left, typeof(left).shape + (1,) * rank)
    return ufunc(left, right, **kwargs)


ufunc_methods["at"] = refuse_at
ufunc_methods["outer"] = outer
