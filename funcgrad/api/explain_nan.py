"""The first value that is not finite: a function and arguments -> what made it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from funcgrad import errors, tree
from funcgrad.api.derivatives import vjp
from funcgrad.config import override
from funcgrad.core.aval import ShapedArray
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import SourceLine
from funcgrad.core.trace import Trace, Tracer, new_trace, typeof
from funcgrad.core.tracer import ArrayTracer


@dataclass(frozen=True)
class NonFinite:
    """The first value that is NaN or infinite, and the operation that gave it.

    Attributes
    ----------
    phase : str
        ``"forward"``, or ``"backward"`` where only derivatives are not finite.
    operation : str
        Name of the primitive.
    operands : tuple
        What it was given: all finite, unless the arguments were not.
    found : str
        ``"NaN"`` or ``"infinity"``.
    source : SourceLine or None
        The user's line; in the backward pass, the line whose derivative it is.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> found = fg.debug.explain_nan(lambda x: np.log(x))(-1.0)
    >>> found.phase, found.operation, found.found
    ('forward', 'log', 'NaN')
    """

    phase: str
    operation: str
    operands: tuple[Any, ...]
    found: str
    source: SourceLine | None

    def __str__(self) -> str:
        shown = ", ".join(
            np.array2string(np.asarray(x), threshold=12) for x in self.operands
        )
        place = "in the forward pass"
        if self.phase == "backward":
            place = "in the backward pass: all values are finite, a derivative is not"
        return errors.message(
            f"the first {self.found} comes from `{self.operation}`, {place}.",
            where=self.source,
            got=f"{self.operation}({shown[:600]})",
        )


def explain_nan(
    f: Callable[..., Any], *, infinities: bool = True
) -> Callable[..., NonFinite | None]:
    """Make a function that finds the first NaN or infinity which ``f`` comes upon.

    ``f`` is run one operation at a time, first forward; loops and compiled parts whose
    results are not finite are looked into. If all values are finite and the results
    are real, a derivative is then carried back from 1 in every result, as ``grad``
    does. ``f`` may be compiled, batched, or a gradient itself.

    Parameters
    ----------
    f : callable
        Takes and gives pytrees of arrays.
    infinities : bool
        Whether infinities count; without them, only NaN.

    Returns
    -------
    callable
        Takes the arguments of ``f``, and gives a `NonFinite`, which prints as a report,
        or None where all is finite.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def f(x):
    ...     y = np.sqrt(x)
    ...     return np.sum(y)
    >>> found = fg.debug.explain_nan(f)(np.array([1.0, 0.0]))
    >>> found.phase, found.found
    ('backward', 'infinity')
    >>> found.source.text
    'y = np.sqrt(x)'
    >>> fg.debug.explain_nan(f)(np.array([1.0, 4.0])) is None
    True
    """

    def explained(*args: Any, **kwargs: Any) -> NonFinite | None:
        def call(*args: Any) -> Any:
            return f(*args, **kwargs)

        try:
            with _watching(infinities):
                results = _run(call, args)
        except errors.NonFiniteError as error:
            return _report(error, "forward")
        if not _has_derivative(tree.leaves(args), tree.leaves(results)):
            return None
        # Local derivatives may be infinite where nothing is carried back to them, so
        # only what is carried back is watched.
        with override("debug_nans", False):  # a setting changed: lines are noted down
            _, pull = vjp(call, *args)
        try:
            with _watching(infinities):
                pull(tree.map(np.ones_like, results))
        except errors.NonFiniteError as error:
            return _report(error, "backward")
        return None

    return explained


class WatchTracer(ArrayTracer):
    """A value that is known, so that Python's own ``if`` and ``for`` work."""

    __slots__ = ("value",)

    def __init__(self, trace: WatchTrace, value: Any) -> None:
        self.owner = trace
        self.value = value

    @property
    def aval(self) -> ShapedArray:
        return typeof(self.value)

    def concrete(self) -> Any:
        return self.value.concrete() if isinstance(self.value, Tracer) else self.value


class WatchTrace(Trace):
    """Computes, one operation at a time: NumPy's functions do not pass it by."""

    def process(
        self, primitive: Primitive, operands: Sequence[Any], params: Any
    ) -> Any:
        values = [self.value_of(operand) for operand in operands]
        result = primitive.bind(*values, **params)
        if primitive.multiple_results:
            return [WatchTracer(self, value) for value in result]
        return WatchTracer(self, result)

    def value_of(self, operand: Any) -> Any:
        """What a tracer of this trace stands for; any other value itself."""
        own = isinstance(operand, WatchTracer) and operand.owner is self
        return operand.value if own else operand


def _run(call: Callable[..., Any], args: Sequence[Any]) -> Any:
    """The results, each operation on what depends on the arguments seen."""
    leaves, in_tree = tree.flatten(args)
    with np.errstate(all="ignore"), new_trace(WatchTrace()) as trace:
        results = call(*in_tree.unflatten([WatchTracer(trace, x) for x in leaves]))
        return tree.map(trace.value_of, results)


@contextmanager
def _watching(infinities: bool) -> Iterator[None]:
    """Check the results of operations, in this thread."""
    with override("debug_nans", True), override("debug_infs", infinities):
        yield


def _has_derivative(arguments: Sequence[Any], results: Sequence[Any]) -> bool:
    kinds = [typeof(x).dtype.kind for x in results]
    differentiable = any(typeof(x).dtype.kind in "fc" for x in arguments)
    return differentiable and bool(kinds) and set(kinds) <= {"f"}


def _report(error: errors.NonFiniteError, phase: str) -> NonFinite:
    return NonFinite(phase, error.operation, error.operands, error.found, error.source)
