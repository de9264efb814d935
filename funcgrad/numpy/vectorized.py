"""Functions of single entries, or of core arrays, applied to whole arrays by vmap."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from funcgrad.api.vectorize import vmap
from funcgrad.core.trace import typeof
from funcgrad.numpy.axes import shape_error
from funcgrad.numpy.dispatch import to_array
from funcgrad.numpy.shape import expand_dims, squeeze
from funcgrad.ops.elementwise import broadcast_shapes

_CORE = r"\(\s*(?:\w+\s*(?:,\s*\w+\s*)*)?\)"
_SIGNATURE = rf"\s*(?:{_CORE}\s*(?:,\s*{_CORE}\s*)*)?->\s*{_CORE}.*"
Core = tuple[str, ...]


def vectorize(
    pyfunc: Callable[..., Any],
    *,
    excluded: Collection[int | str] = (),
    signature: str | None = None,
) -> Callable[..., Any]:
    """A function of scalars or small arrays as one of arrays, with broadcasting.

    Unlike NumPy's it runs once, on a batch, and has derivatives.

    Parameters
    ----------
    pyfunc : callable
        Takes and returns arrays without the axes that are broadcast.
    excluded : collection of int or str, optional
        Positions and names of arguments that are passed on as they are.
    signature : str, optional
        Core axes as in ``"(m,n),(n)->(m)"``; without it all are scalars.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If the signature is not one, or arguments do not fit it.

    Examples
    --------
    >>> import numpy as np
    >>> length = vectorize(lambda v: np.sqrt(np.sum(v * v)), signature="(n)->()")
    >>> length(np.array([[3.0, 4.0], [6.0, 8.0]]))
    Array([ 5., 10.])
    """
    cores = None if signature is None else _parse(signature)

    @functools.wraps(pyfunc)
    def vectorized(*args: Any, **kwargs: Any) -> Any:
        places = [i for i in range(len(args)) if i not in excluded]
        names = [name for name in kwargs if name not in excluded]
        fixed = {name: kwargs[name] for name in kwargs if name in excluded}
        arrays = [to_array(args[i]) for i in places]
        arrays += [to_array(kwargs[name]) for name in names]

        def core(*values: Any) -> Any:
            filled = list(args)
            for place, value in zip(places, values, strict=False):
                filled[place] = value
            named = dict(zip(names, values[len(places) :], strict=True))
            return pyfunc(*filled, **named, **fixed)

        inputs = [()] * len(arrays) if cores is None else cores[0]
        _check_inputs(inputs, arrays, signature)
        return _apply(core, arrays, [len(axes) for axes in inputs])

    return vectorized


def _parse(signature: str) -> tuple[list[Core], list[Core]]:
    if not re.fullmatch(_SIGNATURE, signature):
        raise ValueError(f"not a valid gufunc signature: {signature}")
    inside, outside = (
        [tuple(re.findall(r"\w+", part)) for part in re.findall(_CORE, side)]
        for side in signature.split("->")
    )
    return inside, outside


def _check_inputs(
    inputs: Sequence[Core], arrays: Sequence[Any], signature: str | None
) -> None:
    """Arguments have the core axes of the signature, equal names equal extents."""
    if len(inputs) != len(arrays):
        raise ValueError(
            f"the signature {signature!r} has {len(inputs)} arguments, "
            f"{len(arrays)} are given"
        )
    extents: dict[str, int] = {}
    for axes, x in zip(inputs, arrays, strict=True):
        shape = typeof(x).shape
        core = shape[len(shape) - len(axes) :]
        wrong = len(shape) < len(axes) or any(
            extents.setdefault(name, n) != n for name, n in zip(axes, core, strict=True)
        )
        if wrong:
            raise shape_error(
                "an argument does not fit the signature of `vectorize`.",
                f"shape {shape}",
                f"last axes ({', '.join(axes)}) of {signature}, with {extents}",
            )


def _apply(
    core: Callable[..., Any], arrays: Sequence[Any], core_ranks: Sequence[int]
) -> Any:
    """Map over each broadcast axis; an axis of extent 1 is taken off instead."""
    leads = [
        typeof(x).shape[: typeof(x).ndim - rank]
        for x, rank in zip(arrays, core_ranks, strict=True)
    ]
    shape = broadcast_shapes(*leads)
    function = core
    for axis in range(-1, -len(shape) - 1, -1):
        mapped = [len(lead) >= -axis and lead[axis] != 1 for lead in leads]
        if any(mapped):
            in_axes = tuple(0 if flag else None for flag in mapped)
            function = vmap(function, in_axes=in_axes)
    operands = [
        squeeze(x, tuple(i for i, n in enumerate(lead) if n == 1))
        for x, lead in zip(arrays, leads, strict=True)
    ]
    result = function(*operands)
    single = tuple(i for i, n in enumerate(shape) if n == 1)
    if isinstance(result, tuple):
        return tuple(expand_dims(y, single) for y in result)
    return expand_dims(result, single)
