"""The call of machine code from Numba's: arrays and numbers in, a status out."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_POINTER = ir.IntType(8).as_pointer()
_INT64 = ir.IntType(64)
_ALIGNMENT = 64


@intrinsic
def invoke(
    typingctx: Any,
    code: Any,
    constants: Any,
    arguments: Any,
    results: Any,
    table: Any,
    scratch: Any,
) -> Any:
    """Call a program: addresses of code and table, tuples of what it reads and writes.

    ``constants`` are addresses; ``arguments`` arrays and numbers, ``results`` arrays.
    """
    signature = types.int64(code, constants, arguments, results, table, scratch)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        kinds = sig.args
        code_value, constant_values, given, made, table_value, scratch_value = args
        pointers = [
            builder.inttoptr(value, _POINTER)
            for value in cgutils.unpack_tuple(builder, constant_values)
        ]
        values = cgutils.unpack_tuple(builder, given)
        pointers += [
            _address(context, builder, kind, value)
            for kind, value in zip(kinds[2].types, values, strict=True)
        ]
        outs = [
            _address(context, builder, kind, value)
            for kind, value in zip(
                kinds[3].types, cgutils.unpack_tuple(builder, made), strict=True
            )
        ]
        start = builder.ptrtoint(
            _address(context, builder, kinds[5], scratch_value), _INT64
        )
        aligned = builder.and_(
            builder.add(start, _INT64(_ALIGNMENT - 1)), _INT64(-_ALIGNMENT)
        )
        words = [
            _block(builder, pointers),
            _block(builder, outs),
            builder.inttoptr(table_value, _POINTER),
            builder.inttoptr(aligned, _POINTER),
        ]
        kind = ir.FunctionType(_INT64, [_POINTER] * 4).as_pointer()
        return builder.call(builder.inttoptr(code_value, kind), words)

    return signature, codegen


def _address(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Where the entries of an array are, or a number in memory of its own."""
    if isinstance(kind, types.Array):
        data = context.make_array(kind)(context, builder, value).data
        return builder.bitcast(data, _POINTER)
    stored = context.get_value_as_data(builder, kind, value)
    return builder.bitcast(cgutils.alloca_once_value(builder, stored), _POINTER)


def _block(builder: Any, pointers: list[Any]) -> Any:
    """A block of pointers on the stack."""
    size = ir.Constant(_INT64, max(1, len(pointers)))
    block = cgutils.alloca_once(builder, _POINTER, size=size)
    for i, pointer in enumerate(pointers):
        builder.store(pointer, builder.gep(block, [ir.Constant(_INT64, i)]))
    return builder.bitcast(block, _POINTER)


@intrinsic
def ask(typingctx: Any, callback: Any, sizes: Any) -> Any:
    """Call Python for a row; only from a thread that holds Python's lock.

    Gives the number of the row, or a negative status.
    """
    signature = types.int64(callback, sizes)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        address, words = args
        check = builder.module.globals.get("PyGILState_Check")
        if check is None:
            kind = ir.FunctionType(ir.IntType(32), [])
            check = ir.Function(builder.module, kind, "PyGILState_Check")
        held = builder.icmp_signed("!=", builder.call(check, []), ir.IntType(32)(0))
        answer = cgutils.alloca_once_value(builder, _INT64(-1))
        with builder.if_then(held):
            values = cgutils.unpack_tuple(builder, words)
            count = ir.Constant(_INT64, max(1, len(values)))
            block = cgutils.alloca_once(builder, _INT64, size=count)
            for i, value in enumerate(values):
                builder.store(value, builder.gep(block, [ir.Constant(_INT64, i)]))
            kind = ir.FunctionType(_INT64, [_POINTER]).as_pointer()
            call = builder.inttoptr(address, kind)
            result = builder.call(call, [builder.bitcast(block, _POINTER)])
            builder.store(result, answer)
        return builder.load(answer)

    return signature, codegen
