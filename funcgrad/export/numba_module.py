"""Stand-alone Numba modules: a program as source that needs only NumPy and Numba."""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.export import (  # noqa: F401  (they fill the table of templates)
    numba_source_arrays,
    numba_source_control,
    numba_source_entrywise,
    numba_source_indexing,
)
from funcgrad.export.numba_source import (
    Writer,
    dtype_text,
    scalar_text,
    shape_text,
)
from funcgrad.export.program import ExportedProgram, identifiers, program_of
from funcgrad.export.tidy import tidy

_LARGE = 1000
"""Constants of more entries are written as bytes."""


def numba_module(
    function: Callable[..., Any],
    *example_args: Any,
    path: str | os.PathLike[str] | None = None,
    name: str | None = None,
) -> str:
    """A function, compiled or not, as a readable Numba module without funcgrad.

    The module imports NumPy, Numba and ``math`` only. Its one public function takes
    the leaves of the arguments in order, contiguous arrays and scalars of the types of
    ``example_args``, and returns the leaves of the result: one value, or a tuple. Its
    docstring names them. Derivatives are exported as any function is:
    ``numba_module(fg.grad(f), x, name="f_grad")``.

    Parameters
    ----------
    function : callable
        A function of arrays; also what `jit`, `grad`, `value_and_grad` and `vmap` give.
    *example_args
        Arguments of the types that the module is made for, or `ShapeDtypeStruct`.
    path : path-like, optional
        File to write the module to.
    name : str, optional
        Name of the function in the module; that of ``function`` by default.

    Returns
    -------
    str
        The text of the module.

    Raises
    ------
    ExportError
        If the program has operations that have no source; it lists all of them.

    Examples
    --------
    >>> import numpy as np, funcgrad as fg
    >>> def area(r):
    ...     return np.pi * r**2
    >>> text = fg.export.numba_module(fg.grad(area), 2.0, name="area_grad")
    >>> module = {}
    >>> exec(text, module)
    >>> bool(abs(module["area_grad"](2.0) - 4.0 * np.pi) < 1e-12)
    True
    """
    program = program_of(function, example_args, name)
    text = _module(program)
    if path is not None:
        pathlib.Path(path).write_text(text)
    return text


def _module(program: ExportedProgram) -> str:
    title, jaxpr, values, labels, paths = program
    parameters = identifiers(labels, (title,), ("np", "numba", "math"))
    constants = [f"CONSTANT_{k}" for k in range(len(values))]
    writer = Writer([*parameters, *constants, title])
    avals = jaxpr.in_avals[len(values) :]
    _check_arguments(writer, parameters, avals)
    results = writer.program(jaxpr, [*constants, *parameters])
    if writer.failures:
        raise _no_source(title, list(writer.failures))
    shared = {*constants, *parameters}
    results = [
        writer.owned(text, v.aval) if text in shared and v.aval.shape else text
        for text, v in zip(results, jaxpr.outvars, strict=True)
    ]
    writer.line(f"return {results[0] if paths == [''] else shape_text(results)}")
    lines = [" " * 4 * line.indent + line.text for line in tidy(writer.lines)]
    body = "\n".join(lines)
    head = f'@numba.njit(error_model="numpy")\ndef {title}({", ".join(parameters)}):\n'
    described = _docstring(labels, parameters, avals, paths, jaxpr.out_avals)
    helpers = [text for name, text in writer.helpers.items() if f"{name}(" in body]
    assigned = [
        f"{name} = {_constant_text(value)}"
        for name, value in zip(constants, values, strict=True)
        if re.search(rf"\b{name}\b", body)
    ]
    uses_math = any("math." in text for text in helpers)
    imports = (
        "import math\n\n" if uses_math else ""
    ) + "import numba\nimport numpy as np"
    about = f'"""{title}, for the shapes and types in its docstring."""'
    parts = [f"{about}\n\n{imports}", "\n".join(assigned), *helpers]
    return (
        "\n\n\n".join(part for part in [*parts, head + described + body] if part) + "\n"
    )


def _check_arguments(
    w: Writer, parameters: Sequence[str], avals: Sequence[ShapedArray]
) -> None:
    """Shapes are checked, since the code is made for them."""
    for name, aval in zip(parameters, avals, strict=True):
        if not aval.shape:
            w.line(f"{name} = {dtype_text(aval.dtype)}({name})")
            continue
        shape = shape_text(aval.shape)
        with w.block(f"if {name}.shape != {shape}:"):
            w.line(f'raise ValueError("{name} must have shape {shape}")')
        w.line(f"{name} = np.ascontiguousarray({name})")


def _docstring(
    labels: Sequence[str],
    parameters: Sequence[str],
    avals: Sequence[ShapedArray],
    paths: Sequence[str],
    out_avals: Sequence[ShapedArray],
) -> str:
    lines = ['    """Parameters and results.', ""]
    for label, name, aval in zip(labels, parameters, avals, strict=True):
        origin = "" if label == name else f", `{label}`"
        lines.append(f"    {name} : {_type_text(aval)}{origin}")
    lines.append("")
    for path, aval in zip(paths, out_avals, strict=True):
        lines.append(
            f"    returns{' result' + path if path else ''} : {_type_text(aval)}"
        )
    return "\n".join([*lines, '    """', ""])


def _type_text(aval: ShapedArray) -> str:
    return (
        f"{aval.dtype.name} {shape_text(aval.shape)}" if aval.shape else aval.dtype.name
    )


def _constant_text(value: Any) -> str:
    array = np.ascontiguousarray(value)
    if not np.shape(value):
        return scalar_text(array.ravel()[0], array.dtype)
    dtype, shape = dtype_text(array.dtype), shape_text(array.shape)
    if array.size > _LARGE:
        data = array.astype(array.dtype.newbyteorder("<")).tobytes().hex()
        bytes_text = f'bytes.fromhex("{data}")'
        return f"np.frombuffer({bytes_text}, {dtype}).reshape({shape})"
    entries = ", ".join(scalar_text(x, array.dtype) for x in array.ravel())
    flat = f"np.array([{entries}], {dtype})"
    return flat if array.ndim == 1 else f"{flat}.reshape({shape})"


def _no_source(title: str, failures: Sequence[str]) -> errors.ExportError:
    return errors.ExportError(
        errors.message(
            f"`{title}` has operations that can not be written as Numba source.",
            where=user_frame(),
            got=", ".join(failures),
            fix="export the parts around them, and call those from your own code",
            see=errors.ExportError.page,
        )
    )
