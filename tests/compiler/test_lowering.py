"""The operations that ``lower`` rules are made of compute what NumPy computes."""

from __future__ import annotations

import numpy as np
import pytest

from funcgrad.compiler.kernels.kernel_text import Extern
from funcgrad.compiler.lower.index import Index
from funcgrad.compiler.lower.nodes import Buffer, Register
from tests.compiler.rules import SHAPES, check_rule, compile_rule, numbers

DTYPES = ["?", "i1", "u1", "i2", "i4", "i8", "u8", "f4", "f8", "c8", "c16"]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f4", "f8", "c16"])
def test_map(shape, dtype):
    x, y = numbers(shape, dtype, 1), numbers(shape, dtype, 2)

    def lower(ctx, x, y):
        product = ctx.map(lambda b, u, v: b.mul(u, v), x, y, dtype=x.dtype)
        return ctx.map(lambda b, u, v: b.add(u, v), product, x, dtype=x.dtype)

    check_rule(lower, [x, y], x * y + x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [*range(34), 63, 64, 65, 100, 1000])
def test_map_covers_every_size(dtype, size):
    x = numbers((size,), dtype)

    def lower(ctx, x):
        return ctx.map(lambda b, u: b.add(u, u), x, dtype=x.dtype)

    check_rule(lower, [x], x + x)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_map_with_scalars_and_other_dtypes(shape):
    x, s = numbers(shape, "f8"), numbers((), "f8", 3)

    def lower(ctx, x, s):
        less = ctx.map(lambda b, u, v: b.cmp("lt", u, v), x, s, dtype="?")
        small = ctx.map(lambda b, u: b.convert(u, "f4"), x, dtype="f4")
        return [less, small, ctx.map(lambda b, v, u: b.sub(v, u), s, x, dtype=x.dtype)]

    check_rule(lower, [x, s], x < s, x.astype("f4"), s - x)


def test_map_over_many_operations():
    x = numbers((40,))

    def lower(ctx, x):
        y = x
        for _ in range(3000):
            y = ctx.map(lambda b, u: b.add(u, 1.0), y, dtype=y.dtype)
        return y

    check_rule(lower, [x], x + 3000)


# --- views


@pytest.mark.parametrize("shape", [s for s in SHAPES if len(s) >= 2], ids=str)
def test_transposing_and_reversing_views(shape):
    x = numbers(shape)

    def turned(ctx, x):
        return ctx.view(x, x.shape[::-1], lambda idx: list(idx)[::-1])

    def backwards(ctx, x):
        def places(idx):
            return [ctx.extent(n) - 1 - i for i, n in zip(idx, x.shape, strict=True)]

        return ctx.view(x, x.shape, places)

    check_rule(turned, [x], x.T)
    check_rule(backwards, [x], np.flip(x))
    check_rule(lambda ctx, x: turned(ctx, backwards(ctx, x)), [x], np.flip(x).T)


@pytest.mark.parametrize("shape", [s for s in SHAPES if s and s[-1]], ids=str)
def test_views_with_steps_and_offsets(shape):
    x = numbers(shape)
    count = -(-(shape[-1] - 1) // 3) if shape[-1] > 1 else 0

    def lower(ctx, x):
        def places(idx):
            return [*idx[:-1], idx[-1] * 3 + 1]

        return ctx.view(x, (*shape[:-1], count), places)

    check_rule(lower, [x], x[..., 1::3])


@pytest.mark.parametrize("size", [1, 3, 16, 17, 50])
@pytest.mark.parametrize("other", [1, 4, 16, 17, 33])
def test_repeating_views(size, other):
    x = numbers((size,))

    def rows(ctx, x):
        square = ctx.map(lambda b, u: b.mul(u, u), x, dtype=x.dtype)
        return ctx.view(square, (other, size), lambda idx: [idx[1]])

    def columns(ctx, x):
        return ctx.view(x, (size, other), lambda idx: [idx[0]])

    check_rule(rows, [x], np.broadcast_to(x * x, (other, size)))
    check_rule(columns, [x], np.broadcast_to(x[:, None], (size, other)))


# --- any function of the place


@pytest.mark.parametrize("shape", [s for s in SHAPES if s], ids=str)
def test_compute_of_places(shape):
    def lower(ctx):
        def entry(b, idx, read):
            total = idx[0]
            for i in idx[1:]:
                total = total * 2 + i
            return total.value(b)

        return ctx.compute(shape, "i8", entry, [])

    expected = np.indices(shape)[0].astype("i8")
    for index in np.indices(shape)[1:]:
        expected = expected * 2 + index
    check_rule(lower, [], expected)


@pytest.mark.parametrize("size", [1, 3, 16, 17, 100])
@pytest.mark.parametrize("count", [1, 5, 16, 40])
def test_compute_reads_at_places_that_are_data(size, count):
    x, at = numbers((size,)), np.random.default_rng(0).integers(0, size, count)

    def lower(ctx, x, at):
        def entry(b, idx, read):
            return read(0, [Index.of(read(1, idx), b)])

        return ctx.compute((count,), x.dtype, entry, [x, at])

    check_rule(lower, [x, at], x[at])


@pytest.mark.parametrize("size", [3, 16, 17, 40])
def test_compute_with_a_start_that_is_data(size):
    x, start = numbers((size, 2)), np.array(1)

    def lower(ctx, x, start):
        def entry(b, idx, read):
            return read(0, [idx[0] + Index.of(read(1, []), b), idx[1]])

        return ctx.compute((size - 2, 2), x.dtype, entry, [x, start])

    check_rule(lower, [x, start], x[1:-1])


# --- reshape


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reshape(shape):
    x = numbers(shape)
    flat = (x.size,)

    def of_memory(ctx, x):
        return ctx.reshape(x, flat)

    def of_map(ctx, x):
        y = ctx.map(lambda b, u: b.add(u, u), x, dtype=x.dtype)
        return ctx.map(lambda b, u: b.mul(u, 3.0), ctx.reshape(y, flat), dtype=y.dtype)

    def of_view(ctx, x):
        turned = ctx.view(x, x.shape[::-1], lambda idx: list(idx)[::-1])
        return ctx.reshape(turned, flat)

    check_rule(of_memory, [x], x.reshape(flat))
    check_rule(of_map, [x], (x * 6).reshape(flat))
    check_rule(of_view, [x], x.T.reshape(flat))


def test_reshaped_shared_node_is_stored_by_loops_over_rows():
    x, r = numbers((20, 30)), numbers((30, 20), seed=1)

    def lower(ctx, x, r):
        dear = ctx.map(lambda b, u: b.sqrt(b.mul(u, u)), x, dtype=x.dtype, cost=20)
        dear.uses = 2
        other = ctx.reshape(dear, (30, 20))
        turned = ctx.view(ctx.reshape(r, (20, 30)), (30, 20), lambda i: [i[1], i[0]])
        mixed = ctx.map(lambda b, u, v: b.add(u, v), other, turned, dtype=x.dtype)
        return [ctx.reduce("add", mixed, (1,)), dear]

    y = np.abs(x)
    mixed = y.reshape(30, 20) + r.reshape(20, 30).T
    check_rule(lower, [x, r], mixed.sum(1), y)


# --- memory


@pytest.mark.parametrize("shape", [s for s in SHAPES if s], ids=str)
@pytest.mark.parametrize("dtype", ["?", "i4", "f8", "c16"])
def test_for_each_over_mutable_memory(shape, dtype):
    x = numbers(shape, dtype)

    def lower(ctx, x):
        out = ctx.mutable(x)

        def body(b, idx):
            value = out.load(b, idx)
            out.store(b, idx, b.add(value, value))

        ctx.for_each(x.shape, body)
        return out

    check_rule(lower, [x], x + x)


def test_for_each_goes_in_row_major_order():
    def lower(ctx):
        count = ctx.buffer((1,), "i8")
        count.store(ctx.b, [0], ctx.b.i64(0))
        out = ctx.buffer((5, 7), "i8")

        def body(b, idx):
            now = count.load(b, [0])
            out.store(b, idx, now)
            count.store(b, [0], b.add(now, b.i64(1)))

        ctx.for_each((5, 7), body)
        return out

    check_rule(lower, [], np.arange(35).reshape(5, 7))


def test_mutable_of_a_recipe_read_later_is_a_copy():
    x = numbers((40,))

    def lower(ctx, x):
        y = ctx.map(lambda b, u: b.add(u, u), x, dtype=x.dtype)
        y.uses = 2
        out = ctx.mutable(y)
        out.store(ctx.b, [3], ctx.number(100.0, "f8"))
        return [out, y]

    changed = x + x
    changed[3] = 100
    check_rule(lower, [x], changed, x + x)


def test_constants_are_data():
    table = np.arange(60.0).reshape(20, 3)

    def lower(ctx):
        two = ctx.const(np.float64(0.3))
        small = ctx.const(np.array([1, 2, 3]))
        large = ctx.const(table)
        return [two, small, ctx.map(lambda b, u: b.add(u, 1.0), large, dtype="f8")]

    check_rule(lower, [], np.float64(0.3), np.array([1, 2, 3]), table + 1)


@pytest.mark.parametrize("dtype", ["i1", "i8", "u8", "f4", "f8", "c8", "c16", "?"])
def test_numbers(dtype):
    values = [0, 1, 5, 16, 17, 100]
    values += [0.3, -1e-30] if np.dtype(dtype).kind in "fc" else []
    values += [0.25 - 7j] if np.dtype(dtype).kind == "c" else []
    values += [-100] if np.dtype(dtype).kind in "if" else []

    def lower(ctx):
        return [Register(ctx.number(v, dtype), ()) for v in values]

    check_rule(lower, [], *[np.asarray(v).astype(dtype) for v in values])


@pytest.mark.parametrize("size", [5, 30])
def test_call_kernel(size):
    text = """define internal i64 @add_to_each(ptr %x, i64 %n, i64 %by) {
entry:
  %any = icmp sgt i64 %n, 0
  br i1 %any, label %loop, label %done
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %at = getelementptr i64, ptr %x, i64 %i
  %old = load i64, ptr %at
  %new = add i64 %old, %by
  store i64 %new, ptr %at
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i64 %n
}"""
    x = numbers((size,), "i8")
    externs: list[Extern] = []

    def lower(ctx, x):
        out = ctx.mutable(x)
        for by in (3, 4):
            given = [out, ctx.extent(size), by]
            status = ctx.call_kernel(text, "add_to_each", externs, given)
        return [out, Register(status, ())]

    check_rule(lower, [x], x + 7, np.int64(size))


def test_spilled_registers_can_be_read_anywhere():
    x, at = numbers((7,)), np.array([6, 0, 3] * 10)

    def lower(ctx, x, at):
        small = ctx.register(x)
        total = ctx.map(lambda b, u: b.add(u, u), small, dtype=x.dtype)
        assert isinstance(total, Register)

        def entry(b, idx, read):
            return read(0, [Index.of(read(1, idx), b)])

        return ctx.compute(at.shape, x.dtype, entry, [total, at])

    check_rule(lower, [x, at], 2 * x[at])


def test_materialize_keeps_memory_as_it_is():
    x = numbers((40,))

    def lower(ctx, x):
        assert ctx.materialize(x) is x
        lazy = ctx.map(lambda b, u: b.add(u, u), x, dtype=x.dtype)
        made = ctx.materialize(lazy)
        assert isinstance(made, Buffer)
        assert ctx.materialize(lazy) is made
        return lazy

    check_rule(lower, [x], x + x)


def test_a_rule_of_the_wrong_type_is_refused():
    x = numbers((4,))
    with pytest.raises(AssertionError, match="its type is"):
        compile_rule(lambda ctx, x: x, [x], [x.astype("f4")])
