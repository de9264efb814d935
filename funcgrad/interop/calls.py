"""Jitted functions as Numba functions: the types of arguments -> an implementation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.errors import TypingError
from numba.extending import intrinsic, overload
from numba.np.numpy_support import as_dtype

from funcgrad import errors
from funcgrad.core.source import user_frame
from funcgrad.interop.invoke import ask, invoke
from funcgrad.interop.plans import (
    FAILED,
    Plans,
    Signature,
    find_signature,
    seen_sizes,
    structure_of,
)

_NO_PYTHON = (
    "these shapes are new, and Python can not be asked in a parallel loop or without "
    "its lock: call once with them before"
)
_made: dict[Any, Plans] = {}


def numba_type(function: Any) -> Any:
    """The type that Numba gives a jitted function, which makes it callable there."""
    return types.Dispatcher(_dispatcher(function))


@functools.cache
def _dispatcher(function: Any) -> Any:
    """A Numba function that has an implementation for each type of arguments."""

    def call(args: Any) -> Any:
        raise NotImplementedError("this stands for the compiled function")

    overload(call, strict=False)(lambda args: _implementation(function, args))
    return numba.njit(nogil=True)(_entry(call))


def _entry(call: Callable[[Any], Any]) -> Callable[..., Any]:
    def entry(*args: Any) -> Any:
        return call(args)

    return entry


def _implementation(function: Any, args: Any) -> Callable[[Any], Any]:
    """Called by Numba while it infers types, with those of the arguments."""
    leaves: list[tuple[str, Any]] = []
    example = _flattened(args, "args", leaves)
    dtypes = tuple((_dtype_of(kind), getattr(kind, "ndim", 0)) for _, kind in leaves)
    plans = _plans_for(function, structure_of(example), dtypes)
    found = plans.signature
    source = _source(plans, [place for place, _ in leaves])
    scope = {"np": np, "invoke": invoke, "ask": ask, "carray": numba.carray}
    scope["table"] = _address_in_process(plans.address)
    scope["callback"] = _address_in_process(plans.callback_address)
    scope["pointer"] = word_pointer(types.int64)
    scope |= {f"dtype{k}": dtype.type for k, (dtype, _) in enumerate(found.leaves)}
    scope |= {f"kind{k}": dtype for k, (dtype, _) in enumerate(found.results)}
    exec(compile(source, f"<call of {function!r}>", "exec"), scope)  # noqa: S102
    implementation: Callable[[Any], Any] = scope["implementation"]
    return implementation


def _plans_for(function: Any, structure: Any, dtypes: Any) -> Plans:
    """The table for arguments of these types; Numba asks several times for each."""
    key = (function, structure, dtypes)
    plans = _made.get(key)
    if plans is None:
        found = find_signature(function, structure, dtypes)
        if isinstance(found, str):
            raise TypingError(_unknown(function, found, dtypes))
        plans = _made[key] = Plans(function, found)
    for sizes in seen_sizes(function, structure, dtypes):
        plans.prepare(sizes)
    return plans


def _address_in_process(address: int) -> Any:
    """An intrinsic that gives an address, which holds in this process only.

    Numba does not keep code on disk that has one in it.
    """

    @intrinsic
    def known(typingctx: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            pointer = context.add_dynamic_addr(builder, address, info="funcgrad")
            return builder.ptrtoint(pointer, context.get_value_type(types.int64))

        return types.int64(), codegen

    return known


@functools.cache
def word_pointer(kind: Any) -> Any:
    """An intrinsic: an address as a pointer to entries of a Numba type."""

    @intrinsic
    def pointer(typingctx: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

        return types.CPointer(kind)(address), codegen

    return pointer


def _flattened(kind: Any, place: str, leaves: list[tuple[str, Any]]) -> Any:
    """The arguments' structure with a number for each leaf; places of the leaves."""
    if isinstance(kind, types.NamedTuple):
        parts = [
            _flattened(t, f"{place}[{i}]", leaves) for i, t in enumerate(kind.types)
        ]
        return kind.instance_class(*parts)
    if isinstance(kind, types.BaseTuple):
        return tuple(
            _flattened(t, f"{place}[{i}]", leaves) for i, t in enumerate(kind.types)
        )
    if isinstance(kind, types.NoneType):
        return None
    leaves.append((place, kind))
    return 0


def _dtype_of(kind: Any) -> np.dtype[Any]:
    element = getattr(kind, "dtype", kind)
    try:
        return np.dtype(as_dtype(types.unliteral(element)))
    except Exception:  # noqa: BLE001  # Numba's own errors differ by version
        raise TypingError(
            f"a function of funcgrad takes arrays, numbers and tuples, not {kind}"
        ) from None


def _unknown(function: Any, reason: str, leaves: Sequence[tuple[Any, int]]) -> str:
    given = ", ".join(f"{dtype}[{', '.join(':' * ndim)}]" for dtype, ndim in leaves)
    return errors.message(
        f"{function!r} can not be called from Numba code: {reason}.",
        where=user_frame(),
        got=f"arguments {given}",
        expected="arrays, numbers and tuples, of dtypes and ranks seen before",
        fix="call it once in Python with such arguments, which compiles it",
    )


def _source(plans: Plans, places: Sequence[str]) -> str:
    """The implementation as text: check sizes, find the row, allocate, call."""
    signature = plans.signature
    lines = ["def implementation(args):"]
    sizes: list[str] = []
    names: list[str] = []
    for k, (place, (_, ndim)) in enumerate(zip(places, signature.leaves, strict=True)):
        names.append(f"x{k}")
        if ndim:
            lines.append(f"    x{k} = np.ascontiguousarray({place})")
            sizes += [f"x{k}.shape[{i}]" for i in range(ndim)]
        else:
            lines.append(f"    x{k} = dtype{k}({place})")
    lines += _search(plans, sizes)
    first, width = plans.dims, signature.constants
    constants = [f"rows[row, {first + 3 + i}]" for i in range(width)]
    at = first + 3 + width
    outs = []
    for k, (_, ndim) in enumerate(signature.results):
        extents = [f"rows[row, {at + i}]" for i in range(ndim)] or ["1"]
        at += ndim
        outs.append(f"y{k}")
        lines.append(f"    y{k} = np.empty(({', '.join(extents)},), kind{k})")
    lines += [
        f"    scratch = np.empty(rows[row, {first + 2}] + 64, np.uint8)",
        f"    constants = {_tuple(constants)}",
        f"    given, made = {_tuple(names)}, {_tuple(outs)}",
        f"    code, extents = rows[row, {first}], rows[row, {first + 1}]",
        "    status = invoke(code, constants, given, made, extents, scratch)",
        "    if status != 0:",
        '        raise RuntimeError("the compiled function failed")',
    ]
    results = [
        name if ndim else f"{name}[0]"
        for name, (_, ndim) in zip(outs, signature.results, strict=True)
    ]
    lines.append(f"    return {_result_text(signature, results)}")
    return "\n".join(lines) + "\n"


def _search(plans: Plans, sizes: Sequence[str]) -> list[str]:
    shape = f"({plans.rows.shape[0]}, {plans.rows.shape[1]})"
    same = " and ".join(f"rows[r, {i}] == {size}" for i, size in enumerate(sizes))
    return [
        f"    rows = carray(pointer(table()), {shape})",
        "    row = -1",
        "    for r in range(1, rows[0, 0] + 1):",
        f"        if {same or 'True'}:",
        "            row = r",
        "            break",
        "    if row < 0:",
        f"        row = ask(callback(), {_tuple(sizes)})",
        f"    if row == {FAILED}:",
        '        raise ValueError("the function fails for arguments of these shapes")',
        "    if row < 0:",
        f'        raise ValueError("{_NO_PYTHON}")',
    ]


def _tuple(items: Sequence[str]) -> str:
    return f"({', '.join(items)},)" if items else "()"


def _result_text(signature: Signature, results: Sequence[str]) -> str:
    """The results in their structure, which is made of tuples."""
    nested = signature.out_tree.unflatten(list(results))
    return _nested_text(nested)


def _nested_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if type(value) is tuple:
        return _tuple([_nested_text(v) for v in value])
    raise TypingError(
        "a function that Numba code calls returns arrays, numbers and tuples, "
        f"not {type(value).__name__}"
    )
