"""C functions: a program as an object file, a header, and a shared library."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad import errors
from funcgrad.compiler.build.codegen import object_code
from funcgrad.compiler.pipeline import lower_program
from funcgrad.compiler.program import Program
from funcgrad.core.aval import DYNAMIC, ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.export.program import identifiers, program_of

_ALIGNMENT = 64
_C_TYPES = {
    "float64": "double",
    "float32": "float",
    "int64": "int64_t",
    "int32": "int32_t",
    "int16": "int16_t",
    "int8": "int8_t",
    "uint64": "uint64_t",
    "uint32": "uint32_t",
    "uint16": "uint16_t",
    "uint8": "uint8_t",
    "bool": "uint8_t",
    "complex128": "double _Complex",
    "complex64": "float _Complex",
}
_C_WORDS = frozenset(
    "auto case char const default do double enum extern float goto inline int long "
    "register restrict short signed sizeof static struct switch typedef union unsigned "
    "void volatile".split()
)
# What stands in for functions of ours, where a program has one thread.
_STAND_INS = {
    "fg_pool_run": (
        "define internal void @fg_pool_run(ptr %f, ptr %x, i64 %n, i64 %g) {\n"
        "  call void %f(ptr %x, i64 0, i64 %n, i64 0)\n  ret void\n}\n"
    ),
    "fg_blas_set_threads": (
        "define internal void @fg_blas_set_threads(i32 %n) {\n  ret void\n}\n"
    ),
    "fg_blas_big_threads": "@fg_blas_big_threads = internal constant i32 1\n",
}
_RENAMED = {"PyMem_RawMalloc": "malloc", "PyMem_RawFree": "free"}


class CFunction(NamedTuple):
    """The files that `c_function` has written.

    Attributes
    ----------
    header, object : Path
    library : Path or None
        A shared library; None where there is no C compiler, or where the object needs
        BLAS or LAPACK.
    name : str
        The function's.
    externals : tuple of str
        BLAS and LAPACK functions to link with; the C library aside, nothing else.

    Examples
    --------
    >>> import tempfile
    >>> import funcgrad as fg
    >>> def square(x):
    ...     return x * x
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = fg.export.c_function(square, 2.0, path=folder)
    >>> made.object.name, made.externals
    ('square.o', ())
    """

    header: pathlib.Path
    object: pathlib.Path
    library: pathlib.Path | None
    name: str
    externals: tuple[str, ...]


def c_function(
    function: Callable[..., Any],
    *example_args: Any,
    path: str | os.PathLike[str],
    name: str | None = None,
) -> CFunction:
    """A function, compiled or not, as native code for C, without Python.

    Written are ``<name>.o``, position-independent code for this processor;
    ``<name>.h``, which documents the function; and, where the command ``cc`` exists,
    the shared library ``<name>.so``. The function takes pointers to contiguous arrays
    in row-major order, the leaves of the arguments and then those of the result, and
    scratch memory, and returns 0. It is made for the shapes of the example. Any number
    of threads may call it, with scratch memory of their own.

    Parameters
    ----------
    function : callable
        A function of arrays; also what `jit`, `grad`, `value_and_grad` and `vmap` give.
    *example_args
        Arguments of the types that it is made for, or `ShapeDtypeStruct`.
    path : path-like
        The folder to write to.
    name : str, optional
        The function's name in C; by default that of ``function``.

    Returns
    -------
    CFunction

    Raises
    ------
    ExportError
        If the program calls Python, NumPy's or SciPy's functions, or has results whose
        sizes only it knows; the error lists what.

    Examples
    --------
    >>> import ctypes, tempfile
    >>> import funcgrad as fg
    >>> def energy(x):
    ...     return np.sum(np.tanh(x) ** 2)
    >>> x = np.linspace(0.0, 1.0, 5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = fg.export.c_function(fg.grad(energy), x, path=folder, name="slope")
    ...     print(made.header.read_text().splitlines()[-3])
    int64_t slope(const double *x, double *result, void *scratch);
    """
    title, jaxpr, values, labels, paths = program_of(function, example_args, name)
    program = lower_program(jaxpr)
    text, externals = _module_text(title, program, [np.asarray(v) for v in values])
    folder = pathlib.Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    header, code, library = (folder / f"{title}{end}" for end in (".h", ".o", ".so"))
    code.write_bytes(object_code(text))
    count = len(labels)
    avals = [*program.in_avals[len(values) :], *program.out_avals]
    labels = [*labels, *(f"result{place}" for place in paths)]
    names = identifiers(labels, (title, "scratch"), _C_WORDS)
    parameters = list(map(_Parameter, names, labels, avals))
    given, made = parameters[:count], parameters[count:]
    header.write_text(_header(title, given, made, program, externals))
    return CFunction(header, code, _linked(code, library, externals), title, externals)


class _Parameter(NamedTuple):
    name: str
    label: str
    aval: ShapedArray


def _module_text(
    title: str, program: Program, constants: Sequence[np.ndarray[Any, Any]]
) -> tuple[str, tuple[str, ...]]:
    """The program with what it needs in one module, and what must be linked to it."""
    text = program.text.replace("@FG_KERNEL", f"@{title}.kernel")
    text = text.replace(
        f"define i64 @{title}.kernel", f"define internal i64 @{title}.kernel"
    )
    refused = [
        f"a result of unknown size: {a}"
        for a in program.out_avals
        if DYNAMIC in a.shape
    ]
    refused += ["a call of Python"] * bool(program.callbacks)
    externals: list[str] = []
    for name in re.findall(r"^declare [^@\n]*@([\w.$]+)\(", text, re.MULTILINE):
        family = re.match(r"fg_(blas|lapack)_(\w+)", name)
        if name in _STAND_INS:
            text = re.sub(
                rf"^declare [^@\n]*@{name}\(.*\n",
                _STAND_INS[name],
                text,
                flags=re.MULTILINE,
            )
        elif name in _RENAMED:
            text = re.sub(rf"@{name}\b", f"@{_RENAMED[name]}", text)
        elif family:
            plain = f"{family[2]}_"
            text = re.sub(rf"@{name}\b", f"@{plain}", text)
            externals.append(plain)
        elif name.startswith(("fg_", "Py")):
            refused.append(f"`{name}`, a function of SciPy, NumPy or Python")
    if refused:
        raise _refusal(title, refused)
    data = [
        _bytes_text(f"{title}.constant.{k}", c) for k, c in enumerate(program.constants)
    ]
    data += [_bytes_text(f"{title}.argument.{k}", c) for k, c in enumerate(constants)]
    data.append(_table_text(title, program))
    entry = _entry_text(title, program, len(constants))
    return "\n".join([text, *data, entry]), tuple(sorted(externals))


def _bytes_text(name: str, array: np.ndarray[Any, Any]) -> str:
    raw = array.tobytes() or b"\0"
    body = "".join(f"\\{byte:02X}" for byte in raw)
    return (
        f'@{name} = internal constant [{len(raw)} x i8] c"{body}", align {_ALIGNMENT}'
    )


def _table_text(title: str, program: Program) -> str:
    """The sizes that the code reads; addresses in it become those of our data."""
    homes = {
        int(c.ctypes.data): f"ptrtoint (ptr @{title}.constant.{k} to i64)"
        for k, c in enumerate(program.constants)
    }
    words = [f"i64 {homes.get(int(w), int(w))}" for w in program.table] or ["i64 0"]
    return (
        f"@{title}.table = internal constant [{len(words)} x i64] [{', '.join(words)}]"
    )


def _entry_text(title: str, program: Program, count: int) -> str:
    """The function that C calls: it lays pointers out as the program takes them."""
    given = [f"%in.{k}" for k in range(len(program.in_avals) - count)]
    made = [f"%out.{k}" for k in range(len(program.out_avals))]
    ins = [*(f"@{title}.argument.{k}" for k in range(count)), *given]
    lines = []
    for block, pointers in (("ins", ins), ("outs", made)):
        lines.append(f"  %{block} = alloca [{max(1, len(pointers))} x ptr]")
        for k, pointer in enumerate(pointers):
            lines.append(f"  %{block}.{k} = getelementptr ptr, ptr %{block}, i64 {k}")
            lines.append(f"  store ptr {pointer}, ptr %{block}.{k}")
    parameters = ", ".join(f"ptr {p}" for p in [*given, *made, "%scratch"])
    return (
        f"define i64 @{title}({parameters}) {{\nentry:\n"
        + "\n".join(lines)
        + f"""
  %start = ptrtoint ptr %scratch to i64
  %beyond = add i64 %start, {_ALIGNMENT - 1}
  %whole = and i64 %beyond, {-_ALIGNMENT}
  %aligned = inttoptr i64 %whole to ptr
  %status = call i64 @{title}.kernel(
      ptr %ins, ptr %outs, ptr @{title}.table, ptr %aligned)
  ret i64 %status
}}
"""
    )


def _header(
    title: str,
    given: Sequence[_Parameter],
    made: Sequence[_Parameter],
    program: Program,
    externals: Sequence[str],
) -> str:
    def described(p: _Parameter) -> str:
        shape = " x ".join(map(str, p.aval.shape)) or "1"
        origin = f" ({p.label})" if p.label != p.name else ""
        return f" * {p.name}: {p.aval.dtype}, {shape}{origin}"

    parameters = [f"const {_c_type(p.aval)} *{p.name}" for p in given]
    parameters += [f"{_c_type(p.aval)} *{p.name}" for p in made]
    parameters.append("void *scratch")
    upper = title.upper()
    arrays = "\n".join(described(p) for p in [*given, *made])
    needs = ""
    if externals:
        needs = f" * Link with BLAS and LAPACK: {', '.join(externals)}.\n"
    return f"""#ifndef {upper}_H
#define {upper}_H

#include <stdint.h>

/* {title}: arrays are contiguous, in row-major order.
 *
{arrays}
 * scratch: {upper}_SCRATCH_BYTES of memory, a block for each thread
{needs} * Returns 0.
 */
#define {upper}_SCRATCH_BYTES {program.workspace_bytes + _ALIGNMENT}
int64_t {title}({", ".join(parameters)});

#endif
"""


def _c_type(aval: ShapedArray) -> str:
    kind = _C_TYPES.get(aval.dtype.name)
    if kind is None:
        raise _refusal("the function", [f"arrays of {aval.dtype}"])
    return kind


def _linked(
    code: pathlib.Path, library: pathlib.Path, externals: Sequence[str]
) -> pathlib.Path | None:
    compiler = shutil.which("cc")
    if compiler is None or externals:
        return None
    command = [compiler, "-shared", "-o", str(library), str(code), "-lm"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    return library


def _refusal(title: str, problems: Sequence[str]) -> errors.ExportError:
    return errors.ExportError(
        errors.message(
            f"`{title}` can not be exported to C.",
            where=user_frame(),
            got="; ".join(dict.fromkeys(problems)),
            expected="a program that needs the C library, BLAS and LAPACK at most",
            fix="export the parts around these",
            see=errors.ExportError.page,
        )
    )
