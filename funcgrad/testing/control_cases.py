"""Cases of the primitives that hold jaxprs: programs that apply them.

They are written with the functions of users, which stand above the primitives.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.api.derivatives import jvp, vjp
from funcgrad.api.jit import jit
from funcgrad.api.staging import ShapeDtypeStruct
from funcgrad.core.trace import typeof
from funcgrad.ops.cases import (
    Case,
    between,
    booleans,
    case,
    integers,
    positive,
    program,
)
from funcgrad.ops.control.branches import cond, switch
from funcgrad.ops.control.callback import debug_callback, pure_callback
from funcgrad.ops.control.checkpoint import checkpoint, checkpoint_name
from funcgrad.ops.control.custom_rules import custom_jvp, custom_vjp
from funcgrad.ops.control.custom_vmap import custom_vmap
from funcgrad.ops.control.foreign import foreign_call_p
from funcgrad.ops.control.implicit import custom_linear_solve
from funcgrad.ops.control.loops import fori_loop, scan, while_loop


def _branches(p: Any, x: Any) -> Any:
    return cond(p, lambda x: (ops.sin(x), x), lambda x: (x * 2.0, x * x), x)


def _switch(i: Any, x: Any, y: Any) -> Any:
    table = [lambda x, y: x * y, lambda x, y: x - y, lambda x, y: ops.exp(y)]
    return switch(i, table, x, y)


def _recurrent(w: Any, h: Any, xs: Any) -> Any:
    return scan(lambda h, x: (ops.tanh(w * h + x), h * x), h, xs)


def _backwards(w: Any, h: Any, xs: Any) -> Any:
    return scan(lambda h, x: (ops.sin(w * h) + x, h), h, xs, reverse=True)


def _repeated(x: Any) -> Any:
    return fori_loop(0, 4, lambda i, c: ops.sin(c) * x, x)


def _counted(n: Any, x: Any) -> Any:
    def body(state: Any) -> Any:
        count, value = state
        return count - 1, ops.sin(value) * x

    return while_loop(lambda state: state[0] > 0, body, (n, x))[1]


def _until_large(x: Any) -> Any:
    return while_loop(lambda c: ops.abs(c) < 20.0, lambda c: c * 1.5 + x, x)


def _slope_of_nested_loops(x: Any) -> Any:
    def value(x: Any) -> Any:
        return scan(lambda c, _: (ops.sin(_counted(2, c)), None), x, length=2)[0]

    _, pullback = vjp(value, x)
    return pullback(x)[0]


@custom_jvp
def _with_jvp(x: Any, y: Any) -> Any:
    return ops.sin(x) * y


@_with_jvp.defjvp
def _with_jvp_rule(primals: Any, tangents: Any) -> Any:
    (x, y), (t, u) = primals, tangents
    return _with_jvp(x, y), ops.cos(x) * y * t + ops.sin(x) * u


@custom_vjp
def _with_vjp(x: Any, y: Any) -> Any:
    return ops.sin(x) * y


_with_vjp.defvjp(
    lambda x, y: (_with_vjp(x, y), (x, y)),
    lambda kept, ct: (ct * ops.cos(kept[0]) * kept[1], ct * ops.sin(kept[0])),
)


def _forward_through_vjp(x: Any, y: Any) -> Any:
    return jvp(_with_vjp, (x, y), (y, x))


@custom_vmap
def _with_vmap(x: Any, y: Any) -> Any:
    return ops.sin(x) * y


@_with_vmap.def_vmap
def _with_vmap_rule(size: int, batched: Any, x: Any, y: Any) -> Any:
    return ops.mul(y, ops.sin(x)), batched[0] or batched[1]


def _diagonal_solve(a: Any, b: Any) -> Any:
    return custom_linear_solve(
        lambda x: a * x, b, lambda _, v: ops.div(v, a), symmetric=True
    )


def _called(n: Any) -> Any:
    aval = typeof(n)
    return pure_callback(lambda n: n + 1, ShapeDtypeStruct(aval.shape, aval.dtype), n)


class _Increment:
    """A native function, as another compiler would give it: entries plus one."""

    name = "increment"

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        kind = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p)
        self.native = kind(self._call)

    def _call(self, operands: int, results: int) -> int:
        source = ctypes.c_void_p.from_address(operands).value
        target = ctypes.c_void_p.from_address(results).value
        size = 3 * self.dtype.itemsize
        array = np.frombuffer(ctypes.string_at(source or 0, size), self.dtype) + 1
        ctypes.memmove(target or 0, array.astype(self.dtype).tobytes(), size)
        return 0

    def evaluate(self, n: Any) -> list[Any]:
        return [n + 1]

    def address(self) -> int:
        return int(ctypes.cast(self.native, ctypes.c_void_p).value or 0)

    def failure(self, status: int) -> Exception:
        return RuntimeError(str(status))


@functools.cache
def _increment(dtype: Any) -> _Increment:
    return _Increment(dtype)


def _foreign(n: Any) -> Any:
    aval = typeof(n).strong()
    function = _increment(aval.dtype)
    return foreign_call_p.bind(n, function=function, out_avals=(aval,))[0]


def _watched(x: Any) -> Any:
    y = ops.sin(x)
    debug_callback(lambda value: None, y)
    return y * x


CASES: dict[str, list[Case]] = {
    "jit": [
        program(jit(lambda x, y: ops.sin(x) * y), (5, 7), (5, 7)),
        program(jit(lambda x: (x, x * 2.0)), ()),
    ],
    "cond": [
        program(_branches, booleans(), (3,)),
        program(_switch, integers((), 0, 3), (3,), (3,)),
    ],
    "scan": [
        program(_recurrent, (3,), (3,), (4, 3)),
        program(_backwards, (), (), (5,)),
        program(lambda h, xs: scan(lambda h, x: (h + x, h), h, xs), (), (0,)),
        program(_repeated, (2,)),
    ],
    "while": [
        program(_counted, integers((), 0, 5), (3,)),
        program(_until_large, between((), 0.3, 1.0)),
    ],
    "recomputed": [program(_slope_of_nested_loops, between((), 0.3, 1.0))],
    "checkpoint": [
        program(checkpoint(lambda x, y: ops.sin(ops.sin(x) * y)), (3,), (3,)),
    ],
    "checkpoint_name": [
        program(lambda x: ops.sin(checkpoint_name(ops.sin(x), "inner")), (3,)),
    ],
    "custom_call": [
        program(_with_jvp, (3,), (3,)),
        program(_with_vjp, (3,), (3,)),
    ],
    "custom_linear": [program(_forward_through_vjp, (3,), (3,))],
    "custom_vmap_call": [program(_with_vmap, (3,), (3,))],
    "custom_linear_solve": [program(_diagonal_solve, positive((3,)), (3,))],
    "pure_callback": [program(_called, integers((3,)))],
    "debug_callback": [program(_watched, (3,))],
    "foreign_call": [program(_foreign, integers((3,)))],
    # The batch axis of a tape is its second.
    "tape_length": [case((4, 3)).batched_in()],
}
