"""Bits packed into bytes, and bytes unpacked into bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import canonical_axis
from funcgrad.numpy.dispatch import to_array, traces


def _weights(bitorder: str) -> Any:
    """The place of each of eight bits in its byte."""
    if bitorder not in ("big", "little"):
        raise ValueError("'order' must be either 'little' or 'big'")
    places = np.arange(8, dtype=np.uint8)
    return places[::-1] if bitorder == "big" else places


@traces(np.packbits)
def packbits(a: Any, /, axis: int | None = None, bitorder: str = "big") -> Any:
    """Eight bools or integers to a byte each, zeros filling the last one up."""
    x = to_array(a)
    if typeof(x).dtype.kind not in "biu":
        raise TypeError("Expected an input array of integer or boolean data type")
    x = np.ravel(x) if axis is None else x
    axis = canonical_axis(0 if axis is None else axis, typeof(x).ndim)
    bits = np.moveaxis(x != 0, axis, -1).astype(np.uint8)
    missing = -typeof(bits).shape[-1] % 8
    bits = np.pad(bits, [(0, 0)] * (typeof(bits).ndim - 1) + [(0, missing)])
    groups = np.reshape(bits, (*typeof(bits).shape[:-1], -1, 8))
    packed: Any = np.sum(groups << _weights(bitorder), axis=-1, dtype=np.uint8)
    return np.moveaxis(packed, -1, axis)


@traces(np.unpackbits)
def unpackbits(
    a: Any, /, axis: int | None = None, count: int | None = None, bitorder: str = "big"
) -> Any:
    """The eight bits of every byte, or the first ``count`` of them along the axis."""
    x = to_array(a)
    if typeof(x).dtype != np.uint8:
        raise TypeError("Expected an input array of unsigned byte data type")
    x = np.ravel(x) if axis is None else x
    axis = canonical_axis(0 if axis is None else axis, typeof(x).ndim)
    rows = np.moveaxis(x, axis, -1)
    bits = (rows[..., None] >> _weights(bitorder)) & np.uint8(1)
    shape = typeof(rows).shape
    bits = np.reshape(bits, (*shape[:-1], shape[-1] * 8))
    if count is not None:
        missing = count - shape[-1] * 8
        if missing > 0:
            widths = [(0, 0)] * (len(shape) - 1) + [(0, missing)]
            bits = np.pad(bits, widths)
        bits = bits[..., :count]
    return np.moveaxis(bits, -1, axis)
