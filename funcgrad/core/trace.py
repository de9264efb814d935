"""Traces, the per-thread stack of them, and which one a call goes to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from funcgrad import errors
from funcgrad.config import modes
from funcgrad.core.aval import ShapedArray, float0
from funcgrad.core.conversion import hidden_by_numpy
from funcgrad.core.dtypes import canonical_dtype
from funcgrad.core.finite import check_results, is_watched
from funcgrad.core.source import user_frame

PYTHON_SCALARS = frozenset({bool, int, float, complex})


class Trace:
    """An interpreter of primitives; ``level`` is its place on the stack."""

    level: int = 0
    valid: bool = True
    staging: bool = False
    records_only: bool = False
    """Whether it notes operations down and makes none of its own: what else is being
    staged need not be looked at."""
    splits: bool = False
    """Whether what is linearized inside leaves its residuals to another program."""

    def process(self, primitive: Any, operands: Sequence[Any], params: Any) -> Any:
        raise NotImplementedError

    def record(self, primitive: Any, tangent: Any, factor: Any) -> Any:
        """What ``process`` does for a tangent and an array of its type, more quickly.

        Only of traces with ``records_only``.
        """
        return self.process(primitive, (tangent, factor), {})

    def add(self, x: Any, y: Any) -> Any:
        """The sum of two tangents of one type; likewise."""
        raise NotImplementedError

    def note(
        self, primitive: Any, operands: Sequence[Any], params: Any, answer: Any
    ) -> Any:
        """What ``process`` does; ``answer`` has the type of the result; likewise."""
        return self.process(primitive, operands, params)


class Tracer:
    """A value that a trace has wrapped. Its user-facing half is ``core.tracer``."""

    __slots__ = ("owner",)
    owner: Trace

    @property
    def aval(self) -> ShapedArray:
        raise NotImplementedError

    @property
    def strong_dtype(self) -> np.dtype[Any] | None:
        """The dtype, unless the value is of a weak type."""
        aval = self.aval
        return None if aval.weak_type else aval.dtype

    def concrete(self) -> Any:
        """The value underneath, or None where it is not known yet."""
        raise NotImplementedError


class EvalTrace(Trace):
    """Runs primitives at once, by NumPy."""

    def process(self, primitive: Any, operands: Sequence[Any], params: Any) -> Any:
        for x in operands:
            # NumPy would compute with objects, text and extended precision.
            if type(x) not in _SCALAR_AVALS:
                dtype = getattr(x, "dtype", None)
                if id(dtype) not in KNOWN_DTYPES:
                    typeof(x)
        try:
            result = primitive.evaluate(*operands, **params)
        except (ValueError, TypeError, IndexError):
            # NumPy knows neither the user's line nor a cure; the type rule does, unless
            # the operands are right and something else went wrong.
            primitive.abstract_eval(*map(typeof, operands), **params)
            raise
        if modes.special and is_watched():
            results = result if primitive.multiple_results else [result]
            check_results(primitive.name, operands, results)
        if primitive.keeps_weak_type and type(operands[-1]) in PYTHON_SCALARS:
            return _weak_again(result, operands)
        return result


def _weak_again(result: Any, operands: Sequence[Any]) -> Any:
    """A Python scalar for an answer of Python scalars, which NumPy made strong."""
    if all(type(x) in PYTHON_SCALARS for x in operands):
        return result.item() if isinstance(result, np.generic) else result
    return result


EVALUATION: Trace = EvalTrace()
"""The bottom of every stack: where no operand is traced."""


class _Stack(threading.local):
    def __init__(self) -> None:
        self.traces: list[Trace] = [EVALUATION]
        self.staging: list[Trace] = []


stack = _Stack()
T = TypeVar("T", bound=Trace)


class new_trace(Generic[T]):  # noqa: N801  # used as a function
    """Put a trace on top of the stack; it is invalid afterwards, whatever happens."""

    __slots__ = ("trace",)

    def __init__(self, trace: T) -> None:
        self.trace = trace

    def __enter__(self) -> T:
        trace, traces = self.trace, stack.traces
        trace.level = len(traces)
        traces.append(trace)
        if trace.staging:
            stack.staging.append(trace)
        return trace

    def __exit__(
        self, kind: object, error: BaseException | None, where: object
    ) -> None:
        trace = self.trace
        trace.valid = False
        del stack.traces[trace.level :]
        if trace.staging:
            stack.staging.remove(trace)
        if isinstance(error, ValueError):
            ours = hidden_by_numpy(error)
            if ours is not None:
                raise ours from None


def find_trace(operands: Sequence[Any]) -> Trace:
    """The innermost trace among the operands, else evaluation."""
    trace = EVALUATION
    for operand in operands:
        if isinstance(operand, Tracer):
            if not operand.owner.valid:
                raise escaped(operand)
            if operand.owner.level > trace.level:
                trace = operand.owner
    return trace


def innermost_staging() -> Trace:
    """The staging trace on top, which takes calls without traced operands too."""
    return stack.staging[-1] if stack.staging else EVALUATION


def process_outside(
    trace: Trace, primitive: Any, operands: Sequence[Any], params: Any
) -> Any:
    """Let an outer trace work without what its rules create being staged inside."""
    inner = stack.staging
    stack.staging = [other for other in inner if other.level <= trace.level]
    try:
        return trace.process(primitive, operands, params)
    finally:
        stack.staging = inner


def current_traces() -> list[Trace]:
    """The stack, innermost last."""
    return stack.traces


def staging_depth() -> int:
    """How many staging traces are open in this thread."""
    return len(stack.staging)


def escaped(tracer: Tracer) -> errors.UnexpectedTracerError:
    """The error for a value whose trace has ended."""
    return errors.UnexpectedTracerError(
        errors.message(
            "a traced value is used after the transform that made it has ended.",
            where=user_frame(),
            got=f"{tracer.aval} kept in a variable outside of the traced function",
            expected="a value of the running trace, or an array",
            fix="return the value from the traced function instead of storing it in "
            "a global, an attribute or a list",
            see=errors.UnexpectedTracerError.page,
        )
    )


def shape_of(x: Any) -> tuple[Any, ...]:
    """The shape of a traced or concrete value."""
    return () if type(x) in PYTHON_SCALARS else x.shape


def typeof(x: Any) -> ShapedArray:
    """The aval of a traced or concrete value.

    Raises ``UnsupportedDTypeError`` for objects, strings and dates.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> fg.typeof(np.ones((2, 3)))
    ShapedArray(float64[2,3])
    """
    kind = type(x)
    known = _SCALAR_AVALS.get(kind)
    if known is not None:
        return known
    if kind is not np.ndarray:
        if isinstance(x, Tracer):
            return x.aval
        if not isinstance(x, (np.ndarray, np.generic)):
            x = np.asarray(x)
    dtype = x.dtype
    if id(dtype) not in KNOWN_DTYPES and dtype != float0:
        dtype = canonical_dtype(dtype)
    return ShapedArray(x.shape, dtype)


# NumPy's own dtypes are single objects; asking for their hash takes longer.
_KNOWN = [np.dtype(c) for c in "?bhilBHILefdFD"]
KNOWN_DTYPES = frozenset(map(id, _KNOWN))
"""The dtypes of NumPy's that programs compute with, by identity."""
_SCALAR_AVALS: dict[type, ShapedArray] = {
    **{d.type: ShapedArray((), d) for d in _KNOWN},
    bool: ShapedArray((), np.dtype(bool), True),
    int: ShapedArray((), np.dtype(np.int64), True),
    float: ShapedArray((), np.dtype(np.float64), True),
    complex: ShapedArray((), np.dtype(np.complex128), True),
}
