"""LLVM text of whole programs: a Module of functions, each written through a Builder.

Loop nests go in (from the emitter of the compiler), text for ``executable`` comes out.
Every operation is typed by its operands, scalars or explicit vectors of any length.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from funcgrad.compiler import vecmath
from funcgrad.compiler.arithmetic import Arithmetic
from funcgrad.compiler.emitter import Operand, same_type
from funcgrad.compiler.module_text import ModuleText
from funcgrad.compiler.value import FLOAT32, Value, vector_type

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
        self.define(name, lambda: f"{head}\n{builder.body()}\n}}")
        return builder

    def routine(self, name: str, values: Sequence[Value]) -> Routine:
        """The function of this module that computes ``name`` for such operands."""
        first = values[0]
        key = (name, first.dtype.char, first.lanes)
        if key not in self._routines:
            # Entered before the body is built: a body may need other routines.
            self._routines[key] = routine = Routine(self, name, values)
            routine.build()
        return self._routines[key]


class Routine:
    """A mathematical function for one dtype and number of lanes, emitted once."""

    def __init__(self, module: Module, name: str, values: Sequence[Value]) -> None:
        first = values[0]
        self.module = module
        self.name = name
        self.symbol = f"vm.{name}.{first.dtype.name}x{first.lanes}"
        self.dtype = first.dtype
        self.lanes = first.lanes
        self.arity = len(values)
        self.ret = ""

    def build(self) -> None:
        """Write the function into the module."""
        builder = Builder(self.module)
        complex_ = self.dtype.kind == "c"
        arguments: list[Value] = []
        heads: list[str] = []
        for i in range(self.arity):
            imag = f"%y{i}" if complex_ else None
            value = Value(f"%x{i}", self.dtype, self.lanes, imag)
            arguments.append(value)
            heads.extend(part.typed for part in value.parts)
        emit = (vecmath.COMPLEX if complex_ else vecmath.REAL)[self.name]
        result = emit(builder, *arguments)
        builder.ret(result)
        self.ret = vector_type(result.element, result.lanes)
        if complex_:
            self.ret = f"{{ {self.ret}, {self.ret} }}"
        params = ", ".join(heads)
        head = f"define internal fastcc {self.ret} @{self.symbol}({params}) #0 {{"
        self.module.define(self.symbol, lambda: f"{head}\n{builder.body()}\n}}")

    def call(self, builder: Builder, values: Sequence[Value]) -> Value:
        """Call it in ``builder``'s function."""
        args = ", ".join(part.typed for v in values for part in v.parts)
        name = builder.op(f"call fastcc {self.ret} @{self.symbol}({args})")
        if self.dtype.kind != "c":
            return Value(name, self.dtype, self.lanes)
        real = builder.op(f"extractvalue {self.ret} {name}, 0")
        imag = builder.op(f"extractvalue {self.ret} {name}, 1")
        return Value(real, self.dtype, self.lanes, imag)


class Builder(Arithmetic):
    """Writes one function of a module; made by ``Module.function``."""

    module: Module

    def __init__(self, module: Module) -> None:
        super().__init__(module)
        self.module = module

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
            return table[name](self, *operands)
        return self.module.routine(name, operands).call(self, operands)
