"""LLVM text of whole programs: a Module of functions, each written through a Builder.

Loop nests go in (from the emitter of the compiler), text for ``executable`` comes out.
Every operation is typed by its operands, scalars or explicit vectors of any length.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from funcgrad.compiler.emit import vecmath
from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.emitter import Operand, same_type
from funcgrad.compiler.emit.module_text import ModuleText
from funcgrad.compiler.emit.value import FLOAT32, FLOAT64, Value

__all__ = ["Builder", "Module", "Value"]


class Module(ModuleText):
    """One compiled program as LLVM text.

    Examples
    --------
    >>> module = Module()
    >>> b = module.function("twice", [("ptr", "x", "noalias")])
    >>> x = b.load("%x", 0, "float64", lanes=4)
    >>> b.store(b.add(x, x), "%x", 0)
    >>> b.ret()
    >>> "fadd <4 x double>" in module.text()
    True
    """

    def __init__(self, attributes: str | None = None) -> None:
        super().__init__(attributes)
        self._routines: dict[tuple[str, str, int], Routine] = {}
        self._shared: dict[Any, Routine | None] = {}

    def function(
        self, name: str, params: Sequence[tuple[str, str, str]], ret: str = "void"
    ) -> Builder:
        """Begin a function that is visible outside.

        Parameters
        ----------
        name : str
            Symbol of the function.
        params : sequence of (type, name, attributes)
            LLVM type, name without ``%``, attributes: ``("ptr", "x", "noalias")``.
        ret : str
            LLVM type of the result.
        """
        builder = Builder(self)
        heads = [f"{kind} {attrs} %{arg}" for kind, arg, attrs in params]
        head = f"define {ret} @{name}({', '.join(heads)}) #0 {{"
        types = {f"%{arg}": kind for kind, arg, _ in params}
        self.define(name, lambda: builder.definition(head, types))
        return builder

    def routine(self, name: str, values: Sequence[Value]) -> Routine:
        """The function of this module that computes ``name`` for such operands."""
        first = values[0]
        key = (name, first.dtype.char, first.lanes)
        if key not in self._routines:
            self._routines[key], text = _emit_routine(*key, len(values))
            self.absorb(text)
        return self._routines[key]

    def shared(
        self, function: Callable[..., Value], values: Sequence[Value], fastmath: str
    ) -> Routine | None:
        """A function of this module that computes ``function(b, *values)``.

        None where a call would be no shorter than the instructions, or its operands
        or result are not plain numbers.
        """
        key = (function, fastmath, *((v.dtype.char, v.lanes) for v in values))
        if key not in self._shared:
            self._shared[key] = self._emit_shared(function, values, fastmath)
        return self._shared[key]

    def _emit_shared(
        self, function: Callable[..., Value], values: Sequence[Value], fastmath: str
    ) -> Routine | None:
        if any(v.dtype.kind not in "fiu" for v in values):
            return None
        builder = Builder(self)
        builder.fastmath = fastmath
        operands = [Value(f"%x{i}", v.dtype, v.lanes) for i, v in enumerate(values)]
        result = function(builder, *operands)
        length = builder.body().count("\n")
        if length < WORTH_A_CALL or result.dtype.kind not in "fiu":
            return None
        builder.ret(result)
        symbol = f"each.{len(self._shared)}"
        params = ", ".join(v.typed for v in operands)
        head = f"define internal fastcc {result.type} @{symbol}({params}) #0 {{"
        self.define(symbol, lambda: f"{head}\n{builder.body()}\n}}")
        return Routine(symbol, result.dtype, result.type)


WORTH_A_CALL = 4
"""A function of fewer instructions is no shorter called."""


class Routine(NamedTuple):
    """A mathematical function for one dtype and number of lanes."""

    symbol: str
    dtype: np.dtype
    ret: str

    def call(self, builder: Builder, values: Sequence[Value]) -> Value:
        """Call it in ``builder``'s function."""
        args = ", ".join(part.typed for v in values for part in v.parts)
        name = builder.op(f"call fastcc {self.ret} @{self.symbol}({args})")
        lanes = values[0].lanes
        if self.dtype.kind != "c":
            return Value(name, self.dtype, lanes)
        real = builder.op(f"extractvalue {self.ret} {name}, 0")
        imag = builder.op(f"extractvalue {self.ret} {name}, 1")
        return Value(real, self.dtype, lanes, imag)


@functools.cache
def _emit_routine(
    name: str, char: str, lanes: int, arity: int
) -> tuple[Routine, ModuleText]:
    """The routine, and a module with it and what it calls; kept for all kernels."""
    module = Module()
    builder = Builder(module)
    dtype = np.dtype(char)
    complex_ = dtype.kind == "c"
    operands = [
        Value(f"%x{i}", dtype, lanes, f"%y{i}" if complex_ else None)
        for i in range(arity)
    ]
    result = (vecmath.COMPLEX if complex_ else vecmath.REAL)[name](builder, *operands)
    builder.ret(result)
    ret = f"{{ {result.type}, {result.type} }}" if complex_ else result.type
    symbol = f"vm.{name}.{dtype.name}x{lanes}"
    params = ", ".join(part.typed for v in operands for part in v.parts)
    head = f"define internal fastcc {ret} @{symbol}({params}) #0 {{"
    text = f"{head}\n{builder.body()}\n}}"
    module.define(symbol, lambda: text)
    return Routine(symbol, dtype, ret), module


class Builder(Arithmetic):
    """Writes one function of a module; made by ``Module.function``."""

    module: Module
    alone: bool
    """Whether what is written is done for single numbers, not for lanes of arrays."""

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self.module = module
        self.alone = False

    def call_once_written(
        self, function: Callable[..., Value], values: Sequence[Value]
    ) -> Value:
        """``function(b, *values)`` by a call, if it takes more than a few lines."""
        shared = self.module.shared(function, values, self.fastmath)
        if shared is None:
            return function(self, *values)
        return shared.call(self, values)

    def math(self, name: str, *values: Operand) -> Value:
        """A mathematical function of floats or complex numbers, lane by lane.

        Parameters
        ----------
        name : str
            A key of ``vecmath.REAL`` (or of ``vecmath.COMPLEX`` for complex operands).
        *values : Value or number
            The operands, of one dtype and number of lanes; the first is a Value.

        Raises
        ------
        TypeError
            If ``name`` has no form for the operands' dtype.
        """
        first = values[0]
        if not isinstance(first, Value):
            raise TypeError(f"first operand of {name} is a Python number")
        operands = [self.like(first, v) for v in values]
        same_type(*operands)
        if first.dtype.char == "e":
            wide = self.math(name, *(self.convert(v, FLOAT32) for v in operands))
            return self.convert(wide, np.float16)
        table = vecmath.COMPLEX if first.imag is not None else vecmath.REAL
        if first.dtype.kind not in "fc" or name not in table:
            raise TypeError(f"no function {name!r} for dtype {first.dtype}")
        if name in vecmath.INLINE and first.imag is None:
            with self.allowing(""):
                return table[name](self, *operands)
        if self.alone and name in vecmath.FASTER_ALONE and first.imag is None:
            symbol = name if first.dtype == FLOAT64 else f"{name}f"
            return self.extern(symbol, *operands, dtype=first.dtype)
        return self.module.routine(name, operands).call(self, operands)
