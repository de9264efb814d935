"""Discrete Fourier transforms along the last axis."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.dtypes import complex_dtype, real_dtype
from funcgrad.core.source import user_frame
from funcgrad.core.trace import typeof
from funcgrad.deferred import deferred_module
from funcgrad.ops.arithmetic import mul
from funcgrad.ops.cases import case, complexes
from funcgrad.ops.complex_parts import conj, real
from funcgrad.ops.kernel_calls import run_kernel
from funcgrad.ops.slicing import pad_with_zeros
from funcgrad.ops.structural import LinearInOne, move_axis_to_front, transpose

if TYPE_CHECKING:
    from funcgrad.compiler.kernels import fourier as kernels
else:
    kernels = deferred_module("funcgrad.compiler.kernels.fourier")


class Fourier(LinearInOne):
    """``kind`` is fft, ifft, rfft (of real entries) or irfft (``n`` real results).

    Forward transforms are sums, inverse ones means. The matrix of a transform is
    symmetric, so fft and ifft are their own transposes; the others drop or repeat what
    conjugate symmetry makes redundant.
    """

    name = "fourier"
    cases = (
        case(complexes((4,)), kind="fft", n=4),
        case(complexes((2, 7)), kind="ifft", n=7),
        case((2, 6), kind="rfft", n=6),
        case((5,), kind="rfft", n=5),
        case(complexes((2, 4)), kind="irfft", n=6),
        case(complexes((3,)), kind="irfft", n=5),
        case(complexes((1,)), kind="irfft", n=1),
        case((1,), kind="rfft", n=1),
        case(complexes((2, 30)), kind="fft", n=30),
        case(complexes((17,)), kind="ifft", n=17),
        case(complexes((0, 3)), kind="fft", n=3),
    )

    def evaluate(self, x: Any, *, kind: str, n: int) -> Any:
        x = np.asarray(x)
        if x.size == 0:
            aval = self.abstract_eval(typeof(x), kind=kind, n=n)
            return np.zeros(aval.shape, aval.dtype)
        return getattr(np.fft, kind)(x, n)  # NumPy loads it at its first use

    def abstract_eval(self, x: ShapedArray, *, kind: str, n: int) -> ShapedArray:
        wanted = "f" if kind == "rfft" else "c"
        if x.dtype.kind != wanted or x.dtype.itemsize == 2 or not x.ndim:
            raise errors.DTypeError(
                errors.message(
                    f"`{kind}` transforms {'real' if wanted == 'f' else 'complex'} "
                    "arrays of one axis or more.",
                    where=user_frame(),
                    got=str(x),
                    expected="float32, float64 or their complex types",
                    see=errors.DTypeError.page,
                )
            )
        length = n // 2 + 1 if kind == "rfft" else n
        given = n // 2 + 1 if kind == "irfft" else n
        if n < 1 or x.shape[-1] != given:
            raise errors.ShapeError(
                errors.message(
                    f"`{kind}` of length {n} takes another number of entries.",
                    where=user_frame(),
                    got=str(x),
                    expected=f"{given} entries along the last axis",
                    see=errors.ShapeError.page,
                )
            )
        dtype = x.dtype
        if kind in ("rfft", "irfft"):
            dtype = complex_dtype(dtype) if kind == "rfft" else real_dtype(dtype)
        return ShapedArray((*x.shape[:-1], length), dtype)

    def transpose(self, ct: Any, x: Any, *, kind: str, n: int) -> list[Any]:
        if kind in ("fft", "ifft"):
            return [fourier(ct, kind, n)]
        if kind == "rfft":
            rank = typeof(ct).ndim
            missing = n - (n // 2 + 1)
            padding = [(0, 0, 0)] * (rank - 1) + [(0, missing, 0)]
            return [real(fourier(pad_with_zeros(ct, padding), "fft", n))]
        weights = np.full(n // 2 + 1, 2.0 / n)
        weights[0] = 1.0 / n
        if n % 2 == 0:
            weights[-1] = 1.0 / n
        dtype = typeof(ct).dtype
        found = conj(fourier(ct, "rfft", n))
        shape = (1,) * (typeof(ct).ndim - 1) + (n // 2 + 1,)
        scale = np.broadcast_to(weights.reshape(shape), typeof(found).shape)
        return [mul(found, scale.astype(complex_dtype(dtype)))]

    def batch(
        self,
        size: int,
        operands: Sequence[Any],
        dims: Sequence[Any],
        *,
        kind: str,
        n: int,
    ) -> Any:
        x = move_axis_to_front(operands[0], dims[0])
        return self.bind(x, kind=kind, n=n), 0

    def lower(self, ctx: Any, x: Any, *, kind: str, n: int) -> Any:
        result = self.abstract_eval(ShapedArray(x.shape, x.dtype), kind=kind, n=n)
        single = real_dtype(result.dtype) if result.dtype.kind == "c" else result.dtype
        out = ctx.buffer(result.shape, result.dtype)
        rows = math.prod(x.shape[:-1])
        if rows == 0:
            return out
        scale = 1.0 / n if kind in ("ifft", "irfft") else 1.0
        factor = ctx.const(np.array([scale], single))
        name = kind
        if kind == "rfft":
            name = "rfft_n_odd" if n % 2 else "rfft_n_even"
        sizes = x.dtype.itemsize, result.dtype.itemsize
        run_kernel(
            ctx,
            kernels.fourier_text(name, single),  # type: ignore[arg-type]
            [out],
            [x, factor],
            [rows, x.shape[-1], result.shape[-1], *sizes],
        )
        return out


fourier_p = Fourier()


def fourier(x: Any, kind: str, n: int) -> Any:
    """The transform of length ``n`` along the last axis."""
    return fourier_p.bind(x, kind=kind, n=n)


class FftType(enum.Enum):
    """The transforms of `fft`.

    Examples
    --------
    >>> import numpy as np
    >>> from funcgrad import lax
    >>> lax.fft(np.array([1.0, 2.0]), lax.FftType.FFT, (2,))
    array([ 3.+0.j, -1.+0.j])
    """

    FFT = "fft"
    IFFT = "ifft"
    RFFT = "rfft"
    IRFFT = "irfft"


def fft(x: Any, fft_type: FftType | str, fft_lengths: Sequence[int]) -> Any:
    """A discrete Fourier transform along the last axes.

    Parameters
    ----------
    x : array
        Complex; real for RFFT.
    fft_type : FftType or str
        ``"FFT"``, ``"IFFT"``, ``"RFFT"`` or ``"IRFFT"``.
    fft_lengths : sequence of int
        Lengths of the last axes; for IRFFT those of the result.

    Returns
    -------
    array

    Raises
    ------
    ShapeError
        If the axes have other lengths.
    DTypeError
        If the entries are of the wrong kind.

    Examples
    --------
    >>> import funcgrad as fg
    >>> fg.lax.fft(np.array([1.0, 2.0, 3.0]), "RFFT", (3,))
    array([ 6. +0.j       , -1.5+0.8660254j])
    """
    kind = fft_type.value if isinstance(fft_type, FftType) else str(fft_type).lower()
    count = len(fft_lengths)
    axes = range(typeof(x).ndim - count, typeof(x).ndim)
    plan = list(zip(axes, fft_lengths, strict=True))
    if kind in ("irfft", "ifft"):
        steps = [(a, "ifft", n) for a, n in plan[:-1]] + [
            (plan[-1][0], kind, plan[-1][1])
        ]
    else:
        steps = [(plan[-1][0], kind, plan[-1][1])]
        steps += [(a, "fft", n) for a, n in reversed(plan[:-1])]
    for axis, each, n in steps:
        x = _along(x, axis, each, n)
    return x


def _along(x: Any, axis: int, kind: str, n: int) -> Any:
    """One transform along any axis."""
    rank = typeof(x).ndim
    if axis == rank - 1:
        return fourier(x, kind, n)
    swapped = list(range(rank))
    swapped[axis], swapped[-1] = swapped[-1], swapped[axis]
    return transpose(fourier(transpose(x, swapped), kind, n), swapped)
