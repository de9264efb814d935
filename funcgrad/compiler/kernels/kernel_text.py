"""What a library-like kernel is: LLVM text of an internal function, and its parts.

Each kernel has the parameters ``(ptr results..., ptr operands..., i64 words...)`` and
returns an i64 status: 0, or `NO_MEMORY`. All arrays are contiguous, in C order.
"""

import contextlib
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from funcgrad.compiler.build.executable import kernel_name
from funcgrad.compiler.emit.module_text import ModuleText

NO_MEMORY = -1
# Multiply-adds from which OpenBLAS's threads gain more than they cost.
BIG_WORK = 2**27
_ALIGNMENT = 64
_LAPACK_LETTERS = {"float32": "s", "float64": "d", "complex64": "c", "complex128": "z"}
_FLOATS = {"float32": "float", "float64": "double"}


class Extern(NamedTuple):
    """A function that a kernel calls and does not define."""

    name: str
    ret: str
    params: tuple[str, ...]


MALLOC = Extern("PyMem_RawMalloc", "ptr", ("i64",))
FREE = Extern("PyMem_RawFree", "void", ("ptr",))
SET_THREADS = Extern("fg_blas_set_threads", "void", ("i32",))
# It is a number, not a function; a declaration of either kind gives its address.
BIG_THREADS = Extern("fg_blas_big_threads", "void", ())
THREADS = (SET_THREADS, BIG_THREADS)
MEMCPY = Extern("llvm.memcpy.p0.p0.i64", "void", ("ptr", "ptr", "i64", "i1"))


class KernelText(NamedTuple):
    """An internal function as text.

    Attributes
    ----------
    symbol : str
        Name of the function; equal names have equal texts.
    text : str
        Its definition, without declarations of what it calls.
    externs : tuple of Extern
        What it calls.
    results, operands, words : int
        Number of its parameters of each kind, in this order.
    """

    symbol: str
    text: str
    externs: tuple[Extern, ...]
    results: int
    operands: int
    words: int

    def include(self, module: ModuleText) -> str:
        """Define the function in a program's module, once; return its symbol."""
        for extern in self.externs:
            if extern.name.startswith("llvm."):
                module.intrinsic(extern.name, extern.ret, extern.params)
            else:
                module.declare(extern.name, extern.ret, extern.params)
        # The module refuses a name that it has; equal names are equal functions.
        with contextlib.suppress(ValueError):
            module.define(self.symbol, lambda: self.text)
        return self.symbol

    def library(self) -> str:
        """Text of this function alone, for ``compile_kernel(..., libraries=[...])``.

        Compiled once for all programs; these declare it by `declare`.
        """
        define = f"define internal i64 @{self.symbol}("
        return self.text.replace(define, "define i64 @FG_KERNEL(") + self._declares()

    def declare(self, module: ModuleText) -> str:
        """Declare the function of `library` in a module; return its symbol."""
        symbol = kernel_name(self.library())
        arrays = ["ptr"] * (self.results + self.operands)
        module.declare(symbol, "i64", [*arrays, *["i64"] * self.words])
        return symbol

    def _declares(self) -> str:
        lines = [
            f"declare {e.ret} @{e.name}({', '.join(e.params)})" for e in self.externs
        ]
        return "\n".join([*lines, ""])

    def standalone(self) -> str:
        """Text of a program that only calls this kernel; its words are the table."""
        lines = ["define i64 @FG_KERNEL(ptr %args, ptr %outs, ptr %table, ptr %w) {"]
        given = []
        for kind, block, count in (
            ("ptr", "%outs", self.results),
            ("ptr", "%args", self.operands),
            ("i64", "%table", self.words),
        ):
            for i in range(count):
                name = f"{block}.{i}"
                lines += [
                    f"  {name}.at = getelementptr {kind}, ptr {block}, i64 {i}",
                    f"  {name} = load {kind}, ptr {name}.at",
                ]
                given.append(f"{kind} {name}")
        lines += [
            f"  %status = call i64 @{self.symbol}({', '.join(given)})",
            "  ret i64 %status",
            "}",
            "",
        ]
        return self.text + "\n".join(lines) + self._declares()


class Element(NamedTuple):
    """How LAPACK and LLVM call a floating or complex dtype."""

    dtype: np.dtype
    letter: str
    llvm: str
    real: str
    is_complex: bool

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return int(self.dtype.itemsize)


def element(dtype: DTypeLike) -> Element:
    """The element type for one of the four dtypes that LAPACK knows."""
    dtype = np.dtype(dtype)
    if dtype.name not in _LAPACK_LETTERS:
        raise TypeError(f"LAPACK computes with float or complex arrays, not {dtype}")
    is_complex = dtype.kind == "c"
    real = _FLOATS[np.zeros((), dtype).real.dtype.name]
    llvm = f"{{ {real}, {real} }}" if is_complex else real
    return Element(dtype, _LAPACK_LETTERS[dtype.name], llvm, real, is_complex)


def real_element(kind: Element) -> Element:
    """The element type of real and imaginary parts."""
    return element(np.zeros((), kind.dtype).real.dtype)


def lapack(kind: Element, name: str, arguments: int) -> Extern:
    """A LAPACK routine; all its arguments are pointers."""
    return Extern(f"fg_lapack_{kind.letter}{name}", "void", ("ptr",) * arguments)


def blas(kind: Element, name: str, arguments: int) -> Extern:
    """A BLAS routine; all its arguments are pointers."""
    return Extern(f"fg_blas_{kind.letter}{name}", "void", ("ptr",) * arguments)


def call(extern: Extern, *arguments: str) -> str:
    """Text of a call for its effect."""
    given = zip(extern.params, arguments, strict=True)
    listed = ", ".join(f"{kind} {argument}" for kind, argument in given)
    return f"  call {extern.ret} @{extern.name}({listed})\n"


def loop(name: str, count: str, body: str) -> str:
    """Text that runs ``body`` for ``%name`` in ``range(count)``."""
    return f"""  br label %{name}.pre
{name}.pre:
  br label %{name}.head
{name}.head:
  %{name} = phi i64 [0, %{name}.pre], [%{name}.next, %{name}.latch]
  %{name}.more = icmp slt i64 %{name}, {count}
  br i1 %{name}.more, label %{name}.body, label %{name}.done
{name}.body:
{body}  br label %{name}.latch
{name}.latch:
  %{name}.next = add nuw nsw i64 %{name}, 1
  br label %{name}.head
{name}.done:
"""


def when(name: str, condition: str, body: str) -> str:
    """Text that runs ``body`` if the i1 ``condition`` holds."""
    return f"""  br i1 {condition}, label %{name}.yes, label %{name}.end
{name}.yes:
{body}  br label %{name}.end
{name}.end:
"""


def if_failed(body: str) -> str:
    """Text that runs ``body`` if ``%info`` tells that a LAPACK routine failed."""
    return (
        "  %status = load i32, ptr %info\n  %failed = icmp ne i32 %status, 0\n"
        + when("give.up", "%failed", body)
    )


def with_threads(work: str, body: str) -> str:
    """Text that runs ``body``, with more threads if ``work`` is above `BIG_WORK`.

    The first use of BLAS or LAPACK sets SciPy's own OpenBLAS to one thread (the copy
    that NumPy carries is another library and keeps its setting). This raises it to
    `symbols.blas_threads()` and lowers it again. It needs `THREADS`.
    """
    more = f"""  %threads = load i32, ptr @{BIG_THREADS.name}
  call void @{SET_THREADS.name}(i32 %threads)
"""
    return (
        f"  %big = icmp ugt i64 {work}, {BIG_WORK}\n"
        + when("raise", "%big", more)
        + body
        + when("lower", "%big", call(SET_THREADS, "1"))
    )


def at(name: str, base: str, offset: str, size: int | str) -> str:
    """Text of ``%name = base + offset * size`` bytes."""
    return f"""  %{name}.bytes = mul nsw i64 {offset}, {size}
  %{name} = getelementptr inbounds i8, ptr {base}, i64 %{name}.bytes
"""


def smaller(name: str, x: str, y: str) -> str:
    """Text of ``%name = min(x, y)``."""
    return f"""  %{name}.less = icmp slt i64 {x}, {y}
  %{name} = select i1 %{name}.less, i64 {x}, i64 {y}
"""


def larger(name: str, x: str, y: str) -> str:
    """Text of ``%name = max(x, y)``."""
    return f"""  %{name}.greater = icmp sgt i64 {x}, {y}
  %{name} = select i1 %{name}.greater, i64 {x}, i64 {y}
"""


def int_slot(name: str, value: str = "0") -> str:
    """Text that makes ``%name`` a pointer to a C int; for the entry block only."""
    return f"""  %{name} = alloca i32
  %{name}.int = trunc i64 {value} to i32
  store i32 %{name}.int, ptr %{name}
"""


def char_slot(name: str, char: str) -> str:
    """Text that makes ``%name`` a pointer to a char; for the entry block only."""
    return f"  %{name} = alloca i8\n  store i8 {ord(char)}, ptr %{name}\n"


def query_size(name: str, answer: str, kind: str, slot: str) -> str:
    """Text that reads a workspace size LAPACK answered, into ``%name`` and ``slot``."""
    convert = "sext i32" if kind == "i32" else f"fptosi {kind}"
    return (
        f"  %{name}.answer = load {kind}, ptr {answer}\n"
        f"  %{name}.asked = {convert} %{name}.answer to i64\n"
        + larger(name, f"%{name}.asked", "1")
        + f"  %{name}.int = trunc i64 %{name} to i32\n"
        + f"  store i32 %{name}.int, ptr {slot}\n"
    )


def one_slot(name: str, kind: Element) -> str:
    """Text that makes ``%name`` a pointer to the number 1; for the entry block only."""
    one = f"{{ {kind.real} 1.0, {kind.real} 0.0 }}" if kind.is_complex else "1.0"
    return f"  %{name} = alloca {kind.llvm}\n  store {kind.llvm} {one}, ptr %{name}\n"


def allocate(*pieces: tuple[str, str, int]) -> str:
    """Text that makes ``%name`` memory for ``count`` elements of ``size`` bytes, each.

    It is one block, ``%memory``, that `release` gives back. The function returns
    `NO_MEMORY` if there is none.
    """
    text = ""
    total = "0"
    for name, count, size in pieces:
        text += f"""  %{name}.at = add i64 {total}, 0
  %{name}.bytes = mul nsw i64 {count}, {size}
  %{name}.end = add nsw i64 %{name}.at, %{name}.bytes
  %{name}.up = add nsw i64 %{name}.end, {_ALIGNMENT - 1}
  %{name}.total = and i64 %{name}.up, -{_ALIGNMENT}
"""
        total = f"%{name}.total"
    text += f"""  %memory.bytes = add i64 {total}, {_ALIGNMENT}
  %memory = call ptr @PyMem_RawMalloc(i64 %memory.bytes)
  %memory.absent = icmp eq ptr %memory, null
  br i1 %memory.absent, label %no.memory, label %allocated
no.memory:
  ret i64 {NO_MEMORY}
allocated:
"""
    for name, _, _ in pieces:
        text += f"  %{name} = getelementptr inbounds i8, ptr %memory, i64 %{name}.at\n"
    return text


def release() -> str:
    """Text that gives back what `allocate` took."""
    return "  call void @PyMem_RawFree(ptr %memory)\n"


def transpose_function(symbol: str, kind: Element) -> str:
    """Function ``symbol``.transpose(dst, src, rows, cols): dst[j][i] = src[i][j].

    Eight columns at a time, so that each cache line read is used whole.
    """
    move = (
        "  %from.index = add nsw i64 %from.row, %j\n"
        f"  %from = getelementptr inbounds {kind.llvm}, ptr %src, i64 %from.index\n"
        "  %to.row = mul nsw i64 %j, %rows\n"
        "  %to.index = add nsw i64 %to.row, %i\n"
        f"  %to = getelementptr inbounds {kind.llvm}, ptr %dst, i64 %to.index\n"
        f"  %value = load {kind.llvm}, ptr %from\n"
        f"  store {kind.llvm} %value, ptr %to\n"
    )
    inner = loop("k", "%width", "  %j = add nuw nsw i64 %first, %k\n" + move)
    rows = loop("i", "%rows", "  %from.row = mul nsw i64 %i, %cols\n" + inner)
    block = "  %first = mul nuw nsw i64 %block, 8\n  %left = sub i64 %cols, %first\n"
    block += smaller("width", "%left", "8") + rows
    return (
        f"define internal void @{symbol}.transpose"
        "(ptr noalias %dst, ptr noalias %src, i64 %rows, i64 %cols) noinline {\n"
        "entry:\n  %cols.up = add nsw i64 %cols, 7\n"
        "  %blocks = lshr i64 %cols.up, 3\n"
        + loop("block", "%blocks", block)
        + "  ret void\n}\n"
    )


def fill_function(symbol: str, kind: Element) -> str:
    """Function ``symbol``.fill(dst, count): count elements become NaN."""
    count = "2" if kind.is_complex else "1"
    body = f"""  %to = getelementptr inbounds {kind.real}, ptr %dst, i64 %i
  store {kind.real} 0x7FF8000000000000, ptr %to
"""
    return (
        f"define internal void @{symbol}.fill(ptr %dst, i64 %count) noinline {{\n"
        f"entry:\n  %reals = mul nsw i64 %count, {count}\n"
        + loop("i", "%reals", body)
        + "  ret void\n}\n"
    )


def finite_function(symbol: str, kind: Element) -> str:
    """Function ``symbol``.finite(a, count): whether all of the elements are finite."""
    count = "2" if kind.is_complex else "1"
    body = f"""  %from = getelementptr inbounds {kind.real}, ptr %a, i64 %i
  %value = load {kind.real}, ptr %from
  %zero = fmul {kind.real} %value, 0.0
  %before = load {kind.real}, ptr %sum
  %after = fadd {kind.real} %before, %zero
  store {kind.real} %after, ptr %sum
"""
    return (
        f"define internal i1 @{symbol}.finite(ptr %a, i64 %count) noinline {{\n"
        f"entry:\n  %sum = alloca {kind.real}\n  store {kind.real} 0.0, ptr %sum\n"
        f"  %reals = mul nsw i64 %count, {count}\n"
        + loop("i", "%reals", body)
        + f"  %total = load {kind.real}, ptr %sum\n"
        f"  %finite = fcmp oeq {kind.real} %total, 0.0\n  ret i1 %finite\n}}\n"
    )
