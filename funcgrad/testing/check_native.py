"""Check a lowering: native code of one application against evaluation by NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.testing.numerical import assert_close
from funcgrad.transforms.stage import stage_flat

# Some ulp of each dtype; whole numbers and bools agree exactly.
_CLOSE = {
    np.dtype(np.float16): 4e-3,
    np.dtype(np.float32): 1e-5,
    np.dtype(np.complex64): 1e-5,
}


def check_native(
    function: Callable[..., Sequence[Any]], operands: Sequence[Any]
) -> None:
    """Compile a flat function for the operands' types and compare its results.

    Parameters
    ----------
    function : callable
        Takes operands, gives a list of results.
    operands : sequence of array

    Raises
    ------
    AssertionError
        If a result's shape, dtype or value is not that of ``function(*operands)``.
    """
    expected = function(*operands)
    jaxpr = stage_flat(function, [typeof(x) for x in operands])
    results = compile_jaxpr(jaxpr)(*[np.asarray(x) for x in operands])
    for got, want in zip(results, expected, strict=True):
        if not typeof(got).same_type(typeof(want)):
            raise AssertionError(f"native {typeof(got)}, evaluated {typeof(want)}")
        dtype = typeof(want).dtype
        close = _CLOSE.get(dtype, 1e-12) if dtype.kind in "fc" else 0.0
        assert_close([got], [want], rtol=close, atol=close, about="native code")
