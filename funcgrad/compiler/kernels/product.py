"""Products of real matrices whose sums stay in registers, as a function of strides.

Rows and columns lie at any distance, so transposes and the heads of an attention layer
are read where they are. Columns of ``b`` that are not neighbours, or whose rows are far
apart, are copied into a panel in the nearest cache first.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from funcgrad.compiler.emit.builder import Builder, Module
from funcgrad.compiler.emit.value import INT64, Value

SUMS = 8
"""Vectors of sums that are in registers at once."""
NEAREST_CACHE = 1 << 15
"""Bytes; a panel takes half of it, so longer sums are made in parts."""
FEW_ROWS = 8
"""Up to so many rows, a panel costs more than it saves."""
SIZES = ("batch", "m", "n", "k")
STRIDES = (
    *("c.batch", "c.row"),
    *("a.batch", "a.row", "a.column", "b.batch", "b.row", "b.column"),
)


class Product(NamedTuple):
    """A function ``symbol(ptr c, ptr a, ptr b, i64 sizes..., i64 strides...)``.

    Attributes
    ----------
    symbol : str
    module : Module
        That defines it, and what it needs.
    least_columns : int
        Columns that the answer has to have.
    """

    symbol: str
    module: Module
    least_columns: int


@functools.cache
def product(dtype: np.dtype, vector_bytes: int) -> Product:
    """``c = a @ b`` for a batch of real matrices, in vectors of ``vector_bytes``.

    Columns of ``c`` are neighbours; strides count elements. No size is 0.
    """
    lanes = vector_bytes // dtype.itemsize
    symbol = f"fg_kernel_product_{dtype.name}x{lanes}"
    module = Module()
    strips = [_Strip(module, symbol, dtype, lanes, v) for v in (1, 2)]
    b = Builder(module)
    _Whole(b, dtype, lanes, strips).write()
    words = [("i64", word) for word in (*SIZES, *STRIDES)]
    _define(module, symbol, [*(("ptr", p) for p in "cab"), *words], b)
    return Product(symbol, module, lanes)


def _define(
    module: Module, symbol: str, params: Sequence[tuple[str, str]], b: Builder
) -> None:
    b.ret()
    listed = ", ".join(f"{kind} %{name}" for kind, name in params)
    text = f"define internal void @{symbol}({listed}) #0 {{\n{b.body()}\n}}"
    module.define(symbol, lambda: text)


class _Strip:
    """A function: all rows of one or two vectors of columns, some rows at a time."""

    def __init__(
        self, module: Module, symbol: str, dtype: np.dtype, lanes: int, vectors: int
    ) -> None:
        self.symbol = f"{symbol}.strip{vectors}"
        self.dtype = dtype
        self.width = vectors * lanes
        self.rows = SUMS // vectors
        others = range(1, self.rows)
        self.words = (
            *("blocks", "depth", "done", "added"),
            *("c.step", *(f"c.{r}" for r in others)),
            *("x.step", *(f"x.{r}" for r in others)),
            *("x.column", "y.row"),
        )
        b = self.b = Builder(module)
        self.word = {w: b.param(w, INT64) for w in self.words}
        self._write()
        params = [*(("ptr", p) for p in "cxy"), *(("i64", w) for w in self.words)]
        _define(module, self.symbol, params, b)

    def call(
        self, b: Builder, pointers: Sequence[str], words: dict[str, Value]
    ) -> None:
        given = [f"ptr {p}" for p in pointers]
        given += [words[w].typed for w in self.words]
        b.emit(f"call void @{self.symbol}({', '.join(given)})")

    def _write(self) -> None:
        b, word = self.b, self.word
        is_added = b.cmp("ne", word["added"], 0)
        with b.loop(0, word["blocks"], carries=[b.i64(0), b.i64(0)]) as loop:
            c, x = (
                b.offset(f"%{name}", at, self.dtype)
                for name, at in zip("cx", loop.carries, strict=True)
            )
            sums = self._sums(self._rows(x, "x"))
            rows = self._rows(c, "c")
            b.if_else(
                is_added,
                lambda: self._add(rows, sums),
                lambda: self._store(rows, sums),
            )
            loop.next = [
                b.add(at, word[f"{name}.step"])
                for name, at in zip("cx", loop.carries, strict=True)
            ]

    def _rows(self, first: str, name: str) -> list[str]:
        others = [self.word[f"{name}.{r}"] for r in range(1, self.rows)]
        return [first, *(self.b.offset(first, at, self.dtype) for at in others)]

    def _sums(self, rows: Sequence[str]) -> list[Value]:
        b, word = self.b, self.word
        zeros = [b.zero(self.dtype, self.width)] * self.rows
        with b.loop(0, word["depth"], carries=zeros) as loop:
            at = b.mul(loop.index, word["y.row"])
            vector = b.load("%y", at, self.dtype, self.width)
            at = b.mul(loop.index, word["x.column"])
            entries = [b.load(row, at, self.dtype) for row in rows]
            loop.next = [
                b.fma(b.splat(entry, self.width), vector, total)
                for entry, total in zip(entries, loop.carries, strict=True)
            ]
        return loop.results

    def _store(self, rows: Sequence[str], sums: Sequence[Value]) -> Sequence[Value]:
        for row, value in zip(rows, sums, strict=True):
            self.b.store(value, row, 0)
        return ()

    def _add(self, rows: Sequence[str], sums: Sequence[Value]) -> Sequence[Value]:
        """Add to what is there; all is read first, as rows may be the same one."""
        b = self.b
        lane = b.iota(INT64, self.width)
        is_done = b.cmp("lt", lane, b.splat(self.word["done"], self.width))
        old = [b.load(row, 0, self.dtype, self.width) for row in rows]
        new = [
            b.select(is_done, before, b.add(before, value))
            for before, value in zip(old, sums, strict=True)
        ]
        return self._store(rows, new)


class _Rows(NamedTuple):
    """Words for the blocks of all rows and of the rest, and where that begins."""

    whole: dict[str, Value]
    rest: dict[str, Value]
    rest_c: Value
    rest_x: Value


class _Whole:
    """The body of the kernel: parts of the sums, strips of columns, panels."""

    def __init__(
        self, b: Builder, dtype: np.dtype, lanes: int, strips: Sequence[_Strip]
    ) -> None:
        self.b = b
        self.dtype = dtype
        self.lanes = lanes
        self.strips = strips
        self.word = {w: b.param(w, INT64) for w in (*SIZES, *STRIDES)}
        self.depth = NEAREST_CACHE // (4 * lanes * dtype.itemsize)
        self.panel = b.alloca(dtype, self.depth * 2 * lanes)

    def write(self) -> None:
        b, word = self.b, self.word
        self.rows = {strip: self._all_rows(strip.rows) for strip in self.strips}
        with b.loop(0, word["batch"]) as batch:
            c, x, y = (
                self._at(f"%{p}", batch.index, word[f"{p}.batch"]) for p in "cab"
            )
            with b.loop(0, word["k"], self.depth) as part:
                terms = {
                    "depth": b.min(b.sub(word["k"], part.index), self.depth),
                    "added": part.index,
                }
                self._part(
                    c,
                    self._at(x, part.index, word["a.column"]),
                    self._at(y, part.index, word["b.row"]),
                    terms,
                )

    def _all_rows(self, rows: int) -> _Rows:
        """Blocks of so many rows, and one of the rest."""
        b, word = self.b, self.word
        blocks = b.lshr(word["m"], rows.bit_length() - 1)
        rest = b.and_(word["m"], rows - 1)
        start = b.mul(blocks, rows)
        return _Rows(
            self._block_words(rows, blocks, b.i64(rows)),
            self._block_words(rows, b.min(rest, 1), rest),
            b.mul(start, word["c.row"]),
            b.mul(start, word["a.row"]),
        )

    def _block_words(
        self, rows: int, blocks: Value, present: Value
    ) -> dict[str, Value]:
        """Where the rows of a block lie; those it lacks are its last one."""
        b, word = self.b, self.word
        places = [b.min(b.i64(r), b.sub(present, 1)) for r in range(1, rows)]
        found = {"blocks": blocks, "x.column": word["a.column"]}
        for p, stride in (("c", word["c.row"]), ("x", word["a.row"])):
            found[f"{p}.step"] = b.mul(stride, rows)
            for r, place in enumerate(places, 1):
                found[f"{p}.{r}"] = b.mul(place, stride)
        return found

    def _at(self, pointer: str, index: Value, stride: Value | int) -> str:
        return self.b.offset(pointer, self.b.mul(index, stride), self.dtype)

    def _part(self, c: str, x: str, y: str, terms: dict[str, Value]) -> None:
        """All columns, for some terms of their sums; the last vector reaches back."""
        b, word = self.b, self.word
        wide = 2 * self.lanes
        whole = b.and_(word["n"], -wide)
        last = b.sub(word["n"], self.lanes)
        narrow_strip, wide_strip = self.strips

        def columns(strip: _Strip, at: Value, done: Value) -> None:
            own = (b.offset(c, at, self.dtype), self._at(y, at, word["b.column"]))
            self._columns(strip, own[0], x, own[1], terms | {"done": done})

        with b.loop(0, whole, wide) as loop:
            columns(wide_strip, loop.index, b.i64(0))
        with b.loop(whole, word["n"], self.lanes) as loop:
            at = b.min(loop.index, last)
            columns(narrow_strip, at, b.sub(loop.index, at))

    def _columns(
        self, strip: _Strip, c: str, x: str, y: str, terms: dict[str, Value]
    ) -> None:
        b, word = self.b, self.word
        neighbours = b.cmp("eq", word["b.column"], 1)
        few = b.cmp("le", word["m"], FEW_ROWS)
        in_place = b.and_(neighbours, few)

        def copy() -> Sequence[Value]:
            return b.if_else(
                neighbours,
                lambda: self._copy_rows(strip.width, y, terms["depth"]),
                lambda: self._gather(strip.width, y, terms["depth"]),
            )

        b.if_else(in_place, lambda: (), copy)
        near = b.op(f"select {in_place.typed}, ptr {y}, ptr {self.panel}")
        terms = terms | {"y.row": b.select(in_place, word["b.row"], strip.width)}
        rows = self.rows[strip]
        strip.call(b, (c, x, near), terms | rows.whole)
        c = b.offset(c, rows.rest_c, self.dtype)
        x = b.offset(x, rows.rest_x, self.dtype)
        strip.call(b, (c, x, near), terms | rows.rest)

    def _copy_rows(self, width: int, y: str, depth: Value) -> Sequence[Value]:
        b = self.b
        with b.loop(0, depth) as loop:
            row = b.load(y, b.mul(loop.index, self.word["b.row"]), self.dtype, width)
            b.store(row, self.panel, b.mul(loop.index, width))
        return ()

    def _gather(self, width: int, y: str, depth: Value) -> Sequence[Value]:
        b, word = self.b, self.word
        columns = [self._at(y, word["b.column"], column) for column in range(width)]
        with b.loop(0, depth) as loop:
            at = b.mul(loop.index, word["b.row"])
            row = b.concat_lanes([b.load(p, at, self.dtype) for p in columns])
            b.store(row, self.panel, b.mul(loop.index, width))
        return ()
