"""What entry-by-entry primitives share, and the one-liner that defines one."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.config import modes
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import result_type
from funcgrad.core.primitive import Primitive
from funcgrad.core.source import user_frame
from funcgrad.core.trace import (
    EVALUATION,
    KNOWN_DTYPES,
    PYTHON_SCALARS,
    Tracer,
    shape_of,
    typeof,
)
from funcgrad.core.vspace import Zero, add_tangents, zero_like
from funcgrad.ops.casting import convert_element_type, convert_weak
from funcgrad.ops.structural import (
    broadcast_in_dim,
    broadcast_to,
    move_axis_to_front,
    reduce_sum,
)
from funcgrad.transforms.transpose import LinearOperand

_ARRAYS = frozenset({np.ndarray, np.float64})
DtypeRule = Callable[[np.dtype[Any]], Any]
TangentRule = Callable[..., Any] | None


class Elementwise(Primitive):
    """Acts entry by entry on operands of one shape and dtype.

    A 0-d operand is combined with every entry, and a Python scalar takes the dtype of
    the others (NEP 50): no equation is spent on either.

    Parameters
    ----------
    name : str
    numpy : callable
        The operation on NumPy arrays.
    jvp : sequence of rules, one for each operand
        ``rule(t, y, *operands)`` is what a tangent ``t`` of that operand adds to the
        tangent of the answer ``y``; ``t`` has the shape of ``y``. None where the
        derivative is zero everywhere.
    lower : callable
        ``lower(b, *values)``: the operation on register values.
    out_dtype : callable, optional
        Dtype of the answer from that of the operands; the same by default.
    kinds : str
        Kinds of dtype accepted: ``b`` bool, ``i`` signed, ``u`` unsigned, ``f`` float,
        ``c`` complex.
    cost : int
        Rough price of one entry in additions: what fusion weighs recomputing by.
    cases : sequence
        What the rule checks feed it.
    """

    rules: tuple[TangentRule, ...]
    entrywise = True

    def __init__(
        self,
        name: str,
        *,
        numpy: Callable[..., Any],
        jvp: Sequence[TangentRule],
        lower: Callable[..., Any],
        out_dtype: DtypeRule | None = None,
        kinds: str = "biufc",
        keeps_weak_type: bool = False,
        cost: int = 1,
        cases: Sequence[Any] = (),
    ) -> None:
        self.name = name  # type: ignore[misc]
        self.numpy = numpy
        self.rules = tuple(jvp)
        self.lower_value = lower
        self.out_dtype = out_dtype
        self.kinds = kinds
        self.keeps_weak_type = keeps_weak_type  # type: ignore[misc]
        self.cost = cost
        self.cases = cases  # type: ignore[misc]
        self.keeps_type = out_dtype is None  # type: ignore[misc]
        super().__init__()
        # One Python call less for each entry-by-entry operation on arrays.
        self.evaluate = numpy  # type: ignore[method-assign]

    def evaluate(self, *operands: Any) -> Any:
        return self.numpy(*operands)

    def literal_dtype(self, avals: Sequence[ShapedArray]) -> Any:
        return result_type(*[(a.dtype, a.weak_type) for a in avals])

    def abstract_eval(self, *avals: ShapedArray) -> ShapedArray:
        first = avals[0]
        if self.out_dtype is None and first.dtype.kind in self.kinds:
            # Most applications: one type throughout.
            for aval in avals:
                if aval is not first and (
                    aval.dtype is not first.dtype or aval.shape != first.shape
                ):
                    break
            else:
                if not first.weak_type:
                    return first
        return self._general_type(avals)

    def _general_type(self, avals: Sequence[ShapedArray]) -> ShapedArray:
        dtype = self.literal_dtype(avals)
        if dtype.kind not in self.kinds:
            raise wrong_kind(self.name, dtype, self.kinds)
        shape: tuple[Any, ...] = ()
        for aval in avals:
            if aval.shape:
                if shape and shape != aval.shape:
                    raise shapes_differ(self.name, avals)
                shape = aval.shape
        if self.out_dtype is not None:
            dtype = np.dtype(self.out_dtype(dtype))
        weak = self.keeps_weak_type and all(a.weak_type for a in avals)
        return ShapedArray(shape, dtype, weak)

    def jvp(self, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
        y = self.bind_plain(*primals)
        shape = shape_of(y) if len(primals) > 1 else ()
        total: Any = None
        for rule, x, t in zip(self.rules, primals, tangents):
            if rule is None or type(t) is Zero:
                continue
            if shape and not shape_of(x):
                t = broadcast_in_dim(t, shape, ())
            t = rule(t, y, *primals)
            total = t if total is None else add_tangents(total, t)
        return y, zero_like(y) if total is None else total

    def batch(
        self, size: int, operands: Sequence[Any], dims: Sequence[Any]
    ) -> tuple[Any, Any]:
        return batch_elementwise(self, size, operands, dims, {})

    def lower(self, ctx: Any, *operands: Any) -> Any:
        dtype = operands[0].dtype
        if self.out_dtype is not None or any(x.dtype != dtype for x in operands):
            avals = [ShapedArray(x.shape, x.dtype) for x in operands]
            dtype = self.abstract_eval(*avals).dtype
        return ctx.map(
            self.lower_value,
            *operands,
            dtype=dtype,
            cost=self.cost,
            closed=True,
        )

    def __call__(self, *operands: Any) -> Any:
        """Apply with NumPy's broadcasting and promotion."""
        strong = False
        for x in operands:
            kind = type(x)
            if kind in _ARRAYS and id(x.dtype) in KNOWN_DTYPES:
                strong = True
            elif kind is not float and kind is not int:
                break
        else:
            if strong and not modes.special:
                try:
                    return self.evaluate(*operands)
                except (ValueError, TypeError, IndexError):
                    pass  # what follows raises what tells the user more
        return self._general_call(operands)

    def _general_call(self, operands: tuple[Any, ...]) -> Any:
        for x in operands:
            if isinstance(x, Tracer):
                break
            if type(x) is list or type(x) is tuple:
                return self(*_without_lists(operands))
        else:
            try:
                return EVALUATION.process(self, operands, {})
            except (ValueError, IndexError):  # NumPy's words for unlike shapes
                broadcast_shapes(*[np.shape(x) for x in operands])
                raise
        if len(operands) == 1 or (len(operands) == 2 and fit_together(*operands)):
            return self.bind(*operands)
        return self.bind(*broadcast_and_promote(*operands))


def sum_to(operand: LinearOperand, ct: Any) -> Any:
    """The cotangent of an operand that was combined with every entry if 0-d."""
    if operand.aval.shape:
        return ct
    shape = shape_of(ct)
    return reduce_sum(ct, tuple(range(len(shape)))) if shape else ct


def batch_elementwise(
    primitive: Primitive,
    size: int,
    operands: Sequence[Any],
    dims: Sequence[Any],
    params: dict[str, Any],
) -> tuple[Any, int]:
    """Batch an entry-by-entry primitive: axis in front, ranks made equal."""
    shapes = [
        _unbatched_shape(typeof(x).shape, d)
        for x, d in zip(operands, dims, strict=True)
    ]
    shape = next((s for s in shapes if s), ())
    aligned = []
    for x, dim, own in zip(operands, dims, shapes, strict=True):
        if dim is None:
            aligned.append(
                broadcast_in_dim(x, (size, *own), range(1, len(own) + 1)) if own else x
            )
            continue
        front = move_axis_to_front(x, dim)
        if shape and not own:
            front = broadcast_in_dim(front, (size, *shape), (0,))
        aligned.append(front)
    return primitive.bind(*aligned, **params), 0


def _unbatched_shape(shape: tuple[Any, ...], dim: int | None) -> tuple[Any, ...]:
    return shape if dim is None else shape[:dim] + shape[dim + 1 :]


def broadcast_and_promote(*operands: Any) -> Sequence[Any]:
    """Operands with one shape (or 0-d) and one dtype (or Python scalars).

    Raises
    ------
    ShapeError
        If the shapes can not be broadcast together.
    """
    if len(operands) == 2 and fit_together(*operands):
        return operands
    operands = _without_lists(operands)
    avals = [typeof(x) for x in operands]
    first = avals[0]
    if all(
        (not a.shape or a.shape == first.shape or not first.shape)
        and a.dtype == first.dtype
        for a in avals
    ) and _at_most_one_shape(avals):
        return operands
    if any(a.dtype is not first.dtype or a.weak_type for a in avals):
        operands = tuple(_promote(operands, avals))
    if _at_most_one_shape(avals):
        return operands
    shape = broadcast_shapes(*[a.shape for a in avals])
    return [
        x if a.shape == shape or not a.shape else broadcast_to(x, shape)
        for x, a in zip(operands, avals, strict=True)
    ]


def _promote(operands: Sequence[Any], avals: Sequence[ShapedArray]) -> Sequence[Any]:
    dtype = result_type(*[(a.dtype, a.weak_type) for a in avals])
    convert = convert_weak if all(a.weak_type for a in avals) else convert_element_type
    return [
        x if a.dtype == dtype or type(x) in PYTHON_SCALARS else convert(x, dtype)
        for x, a in zip(operands, avals, strict=True)
    ]


def fit_together(x: Any, y: Any) -> bool:
    """Whether two operands are of one type or 0-d: the usual case, told quickly."""
    left = x.aval if isinstance(x, Tracer) else x
    right = y.aval if isinstance(y, Tracer) else y
    if type(left) in _PLAIN:
        left, right = right, left
    if type(right) in _PLAIN:
        simple = type(right) is float or type(right) is int
        return simple and type(left) not in _PLAIN and left.dtype.kind in "fc"
    if left.dtype is not right.dtype:
        return False
    a, b = left.shape, right.shape
    return a == b or not a or not b


_PLAIN = PYTHON_SCALARS | {list, tuple}


def _without_lists(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    for x in operands:
        if type(x) is list or type(x) is tuple:
            return tuple(
                [np.asarray(y) if type(y) in (list, tuple) else y for y in operands]
            )
    return operands


def _at_most_one_shape(avals: Sequence[ShapedArray]) -> bool:
    return len({a.shape for a in avals if a.shape}) <= 1


def broadcast_shapes(*shapes: Sequence[Any]) -> tuple[Any, ...]:
    """The shape that NumPy broadcasts these to.

    Examples
    --------
    >>> from funcgrad import lax
    >>> lax.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    return _broadcast_shapes(tuple([tuple(shape) for shape in shapes]))


@functools.lru_cache(maxsize=1024)
def _broadcast_shapes(shapes: tuple[tuple[Any, ...], ...]) -> tuple[Any, ...]:
    rank = max((len(s) for s in shapes), default=0)
    result = []
    for axis in range(rank):
        extents = [s[axis - rank + len(s)] for s in shapes if axis >= rank - len(s)]
        wide = [e for e in extents if e != 1]
        if any(e != wide[0] for e in wide):
            raise errors.ShapeError(
                errors.message(
                    "the shapes can not be broadcast together.",
                    where=user_frame(),
                    got=" and ".join(str(tuple(s)) for s in shapes),
                    expected="equal extents, or 1, aligned from the last axis",
                    fix="x[:, None] or x.reshape(...) to line the axes up",
                    see=errors.ShapeError.page,
                )
            )
        result.append(wide[0] if wide else 1)
    return tuple(result)


def shapes_differ(name: str, avals: Sequence[ShapedArray]) -> errors.ShapeError:
    """The error for operands whose shapes should be equal."""
    return errors.ShapeError(
        errors.message(
            f"`{name}` takes operands of one shape.",
            where=user_frame(),
            got=", ".join(map(str, avals)),
            expected="equal shapes, or 0-d",
            see=errors.ShapeError.page,
        )
    )


_KIND_NAMES = {"b": "bool", "i": "int", "u": "uint", "f": "float", "c": "complex"}


def wrong_kind(name: str, dtype: np.dtype[Any], kinds: str) -> errors.DTypeError:
    """The error for an operand of a kind of dtype that an operation does not take."""
    return errors.DTypeError(
        errors.message(
            f"`{name}` is not defined for {dtype}.",
            where=user_frame(),
            got=str(dtype),
            expected=" or ".join(_KIND_NAMES[k] for k in kinds),
            fix="x.astype(...)",
            see=errors.DTypeError.page,
        )
    )
