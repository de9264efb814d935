"""Moving the frequency zero to the middle of a spectrum and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.numpy.dispatch import to_array, traces
from funcgrad.numpy.shape import roll


def _rolled(x: Any, axes: int | Sequence[int] | None, *, back: bool) -> Any:
    x = to_array(x)
    shape = typeof(x).shape
    if axes is None:
        axes = tuple(range(len(shape)))
    elif isinstance(axes, int):
        axes = (axes,)
    halves = [-(shape[a] // 2) if back else shape[a] // 2 for a in axes]
    return roll(x, tuple(halves), tuple(axes))


@traces(np.fft.fftshift)
def fftshift(x: Any, axes: int | Sequence[int] | None = None) -> Any:
    """Move the frequency zero to the middle.

    Parameters
    ----------
    x : array
    axes : int or sequence of int, optional
        All by default.

    Examples
    --------
    >>> fftshift(np.fft.fftfreq(5, 0.2))
    Array([-2., -1.,  0.,  1.,  2.])
    """
    return _rolled(x, axes, back=False)


@traces(np.fft.ifftshift)
def ifftshift(x: Any, axes: int | Sequence[int] | None = None) -> Any:
    """Undo `fftshift`.

    Parameters
    ----------
    x : array
    axes : int or sequence of int, optional
        All by default.

    Examples
    --------
    >>> ifftshift(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))
    Array([ 0.,  1.,  2., -2., -1.])
    """
    return _rolled(x, axes, back=True)
