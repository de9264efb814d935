"""Products, triangles and adjoints of matrices, and what factorisations share.

A stack of matrices has the matrices on its last two axes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.compiler.kernels.kernel_text import KernelText
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.ops.arithmetic import add
from funcgrad.ops.bitwise import bitwise_and
from funcgrad.ops.cases import Operand, drawn
from funcgrad.ops.comparison import eq, ge, le
from funcgrad.ops.complex_parts import conj
from funcgrad.ops.contraction import dot_general
from funcgrad.ops.iota import broadcasted_iota
from funcgrad.ops.kernel_calls import run_kernel
from funcgrad.ops.selection import select_n
from funcgrad.ops.structural import reduce_sum, transpose

LAPACK_DTYPES = frozenset({"float32", "float64", "complex64", "complex128"})


def matmul(a: Any, b: Any) -> Any:
    """Product of two stacks of matrices with the same leading axes."""
    rank = typeof(a).ndim
    batch = tuple(range(rank - 2))
    return dot_general(a, b, (((rank - 1,), (rank - 2,)), (batch, batch)))


def transposed(a: Any) -> Any:
    """Every matrix transposed."""
    rank = typeof(a).ndim
    return transpose(a, (*range(rank - 2), rank - 1, rank - 2))


def adjoint(a: Any) -> Any:
    """Every matrix transposed and conjugated."""
    return conj(transposed(a))


def _rows_and_columns(a: Any, offset: int) -> tuple[Any, Any]:
    """Row number, and column number less ``offset``, of every entry."""
    shape = typeof(a).shape
    rows, columns = (broadcasted_iota(np.int64, shape, len(shape) - k) for k in (2, 1))
    return rows, add(columns, -offset) if offset else columns


def lower_triangle(a: Any, offset: int = 0) -> Any:
    """Zero above a diagonal, ``offset`` to the right of the main one."""
    rows, columns = _rows_and_columns(a, offset)
    return select_n(ge(rows, columns), _zero(a), a)


def upper_triangle(a: Any, offset: int = 0) -> Any:
    """Zero below a diagonal, ``offset`` to the right of the main one."""
    rows, columns = _rows_and_columns(a, offset)
    return select_n(le(rows, columns), _zero(a), a)


def on_diagonal(a: Any, first: int = 0) -> Any:
    """Whether an entry stands on the main diagonal, from row ``first`` on."""
    rows, columns = _rows_and_columns(a, 0)
    found = eq(rows, columns)
    return bitwise_and(found, ge(rows, first)) if first else found


def diagonal_part(a: Any) -> Any:
    """Zero off the main diagonal."""
    return select_n(on_diagonal(a), _zero(a), a)


def diagonal(a: Any) -> Any:
    """The main diagonal of square matrices, as vectors."""
    return reduce_sum(diagonal_part(a), (typeof(a).ndim - 1,))


def _zero(a: Any) -> Any:
    return np.zeros((), typeof(a).dtype)[()]


def check_matrices(name: str, aval: ShapedArray, *, square: bool = False) -> None:
    """Raise unless these are matrices that LAPACK can take."""
    if aval.dtype.name not in LAPACK_DTYPES:
        raise errors.DTypeError(
            errors.message(
                f"`{name}` is not defined for {aval.dtype}.",
                where=user_frame(),
                got=str(aval),
                expected="float32, float64, complex64 or complex128",
                fix="a.astype(float)",
                see=errors.DTypeError.page,
            )
        )
    if aval.ndim < 2 or (square and aval.shape[-1] != aval.shape[-2]):
        raise errors.ShapeError(
            errors.message(
                f"`{name}` takes {'square ' if square else ''}matrices.",
                where=user_frame(),
                got=str(aval),
                expected="shape (..., n, n)" if square else "shape (..., m, n)",
                see=errors.ShapeError.page,
            )
        )


def for_each_matrix(
    function: Callable[..., Sequence[Any]], *stacks: Any
) -> list[np.ndarray[Any, Any]]:
    """Results of a NumPy function of single matrices, stacked alike."""
    lead = stacks[0].shape[:-2]
    results: list[list[Any]] = [
        list(function(*[stack[place] for stack in stacks]))
        for place in np.ndindex(*lead)
    ]
    if not results:
        blank = function(*[np.zeros(s.shape[-2:], s.dtype) for s in stacks])
        return [np.zeros((*lead, *r.shape), r.dtype) for r in blank]
    columns = [np.stack(column) for column in zip(*results, strict=True)]
    return [c.reshape(*lead, *c.shape[1:]) for c in columns]


def run_on_matrices(
    ctx: Any,
    kernel: KernelText,
    operands: Sequence[Any],
    results: Sequence[tuple[Sequence[int], Any]],
    sizes: Sequence[int],
) -> list[Any]:
    """Emit a kernel over stacks; ``results`` are shapes of one matrix, and dtypes."""
    lead = operands[0].shape[:-2]
    out = [ctx.buffer((*lead, *shape), dtype) for shape, dtype in results]
    run_kernel(ctx, kernel, out, operands, [math.prod(lead), *sizes])
    return out


def definite(shape: tuple[int, ...]) -> Operand:
    """For cases: Hermitian positive definite matrices."""

    def draw(rng: np.random.Generator, s: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        a = _normal(rng, s, dtype)
        product = a @ np.swapaxes(a.conj(), -1, -2)
        return (product + 2 * np.eye(s[-1])).astype(dtype)

    return drawn(shape, draw)


def invertible(shape: tuple[int, ...]) -> Operand:
    """For cases: square matrices with singular values away from zero."""

    def draw(rng: np.random.Generator, s: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        return (_normal(rng, s, dtype) + 3 * np.eye(s[-1])).astype(dtype)

    return drawn(shape, draw)


def spread_matrices(shape: tuple[int, ...]) -> Operand:
    """For cases: square matrices with eigenvalues that lie apart."""

    def draw(rng: np.random.Generator, s: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        apart = np.diag(2.0 * np.arange(1, s[-1] + 1))
        return (0.3 * _normal(rng, s, dtype) + apart).astype(dtype)

    return drawn(shape, draw)


def _normal(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Any:
    a = rng.normal(size=shape)
    return a + 1j * rng.normal(size=shape) if dtype.kind == "c" else a
