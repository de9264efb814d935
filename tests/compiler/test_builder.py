"""The text builder computes what NumPy computes, for every dtype and number of lanes."""

from __future__ import annotations

import numpy as np
import pytest

from funcgrad.compiler.emit.builder import Builder, Module
from tests.compiler.kernels import build_kernel, map_lanes

LANES = [1, 3, 4, 8]
INTEGERS = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"]
FLOATS = ["f4", "f8"]
COMPLEX = ["c8", "c16"]


def integers(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of integers, every pair of extreme ones among them."""
    info = np.iinfo(dtype)
    ends = [info.min, info.min + 1, info.max, info.max - 1, 0, 1, 2, 7]
    if info.min:
        ends += [-1, -2, -7]
    x, y = np.meshgrid(np.array(ends, dtype), np.array(ends, dtype))
    more = np.random.default_rng(0).integers(info.min, info.max, (2, 40), dtype)
    return np.append(x, more[0]), np.append(y, more[1])


def floats(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of floats, every pair of special ones among them."""
    info = np.finfo(dtype)
    ends = [0.0, 1.0, 2.5, np.inf, info.max, info.tiny, info.smallest_subnormal, 7.3]
    ends = np.array([*ends, *(-e for e in ends), np.nan], dtype)
    x, y = np.meshgrid(ends, ends)
    more = np.random.default_rng(1).normal(size=(2, 40)) * 10
    return np.append(x, more[0]).astype(dtype), np.append(y, more[1]).astype(dtype)


def complexes(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of complex numbers without overflow."""
    r = np.random.default_rng(2).normal(size=(4, 64)) * 3
    r[:, :8] = np.round(r[:, :8])
    return (r[0] + 1j * r[1]).astype(dtype), (r[2] + 1j * r[3]).astype(dtype)


def check(name: str, expected: np.ndarray, *arrays: np.ndarray, lanes: int) -> None:
    """The builder's method ``name`` gives ``expected``, bit for bit but for NaNs."""
    got = map_lanes(lambda b, *v: getattr(b, name)(*v), arrays, expected.dtype, lanes)
    np.testing.assert_array_equal(got, expected)
    if expected.dtype.kind == "f":
        number = ~np.isnan(expected)
        np.testing.assert_array_equal(
            np.signbit(got[number]), np.signbit(expected[number])
        )


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_arithmetic_wraps_as_numpy(dtype, lanes):
    x, y = integers(dtype)
    binary = {
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "min": np.minimum,
        "max": np.maximum,
        "and_": np.bitwise_and,
        "or_": np.bitwise_or,
        "xor": np.bitwise_xor,
        "floor_divide": np.floor_divide,
        "mod": np.remainder,
        "fmod": np.fmod,
    }
    for name, reference in binary.items():
        check(name, reference(x, y), x, y, lanes=lanes)
    for name, reference in {
        "neg": np.negative,
        "abs": np.abs,
        "sign": np.sign,
        "not_": np.invert,
        "square": np.square,
    }.items():
        check(name, reference(x), x, lanes=lanes)


@pytest.mark.parametrize("lanes", [1, 3, 4])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_shifts_outside_the_width_are_defined(dtype, lanes):
    x, y = integers(dtype)
    width = 8 * x.itemsize
    y = np.where(np.arange(y.size) % 3 > 0, y % np.array(width + 3, dtype), y)
    check("shl", np.left_shift(x, y), x, y, lanes=lanes)
    name = "ashr" if x.dtype.kind == "i" else "lshr"
    check(name, np.right_shift(x, y), x, y, lanes=lanes)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_bit_counts(dtype):
    x, _ = integers(dtype)
    width = 8 * x.itemsize
    patterns = [int(v) & ((1 << width) - 1) for v in x]
    ones = np.array([p.bit_count() for p in patterns], dtype)
    zeros = np.array([width - p.bit_length() for p in patterns], dtype)
    check("popcount", ones, x, lanes=3)
    check("clz", zeros, x, lanes=4)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_truncated_division(dtype):
    x, y = integers(dtype)
    pairs = [(int(a), int(b)) for a, b in zip(x, y, strict=True)]
    exact = [
        0 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        for a, b in pairs
    ]
    bits = 8 * x.itemsize
    wrapped = np.array([e & ((1 << bits) - 1) for e in exact], f"u{x.itemsize}")
    check("trunc_div", wrapped.view(dtype), x, y, lanes=4)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_float_arithmetic_equals_numpy_bit_for_bit(dtype, lanes):
    x, y = floats(dtype)
    binary = {
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "div": np.divide,
        "floor_divide": np.floor_divide,
        "mod": np.remainder,
        "fmod": np.fmod,
        "copysign": np.copysign,
        "nextafter": np.nextafter,
    }
    for name, reference in binary.items():
        check(name, reference(x, y), x, y, lanes=lanes)
    unary = {
        "neg": np.negative,
        "abs": np.abs,
        "sign": np.sign,
        "sqrt": np.sqrt,
        "floor": np.floor,
        "ceil": np.ceil,
        "trunc": np.trunc,
        "round": np.rint,
        "square": np.square,
        "reciprocal": np.reciprocal,
        "is_nan": np.isnan,
        "is_inf": np.isinf,
        "is_finite": np.isfinite,
        "signbit": np.signbit,
    }
    for name, reference in unary.items():
        check(name, reference(x), x, lanes=lanes)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_float_extremes_and_nan(dtype, lanes):
    x, y = floats(dtype)
    apart = (x != 0) | (y != 0)  # which zero is the larger one, NumPy leaves open
    x, y = x[apart], y[apart]
    for name, reference in {
        "min": np.minimum,
        "max": np.maximum,
        "fmin": np.fmin,
        "fmax": np.fmax,
    }.items():
        check(name, reference(x, y), x, y, lanes=lanes)


@pytest.mark.parametrize("dtype", FLOATS)
def test_remainder_of_far_apart_magnitudes(dtype):
    rng = np.random.default_rng(5)
    x = (rng.normal(size=200) * 10.0 ** rng.uniform(-30, 30, 200)).astype(dtype)
    y = (rng.normal(size=200) * 10.0 ** rng.uniform(-30, 30, 200)).astype(dtype)
    for name, reference in {"fmod": np.fmod, "mod": np.remainder}.items():
        check(name, reference(x, y), x, y, lanes=4)
        check(name, reference(x, y), x, y, lanes=1)


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", ["i4", "u8", *FLOATS, *COMPLEX, "?"])
def test_comparisons(dtype, lanes):
    if dtype == "?":
        x, y = np.array([[0, 0, 1, 1], [0, 1, 0, 1]], bool)
    elif dtype in COMPLEX:
        a, b = floats("f8")
        x = (a + 1j * b[::-1]).astype(dtype)
        y = (a + 1j * a[::-1]).astype(dtype)
    else:
        x, y = floats(dtype) if dtype in FLOATS else integers(dtype)
    for name, reference in {
        "eq": np.equal,
        "ne": np.not_equal,
        "lt": np.less,
        "le": np.less_equal,
        "gt": np.greater,
        "ge": np.greater_equal,
    }.items():
        got = map_lanes(lambda b, p, q, n=name: b.cmp(n, p, q), [x, y], bool, lanes)
        np.testing.assert_array_equal(got, reference(x, y))


@pytest.mark.parametrize("lanes", LANES)
@pytest.mark.parametrize("dtype", COMPLEX)
def test_complex_arithmetic(dtype, lanes):
    x, y = complexes(dtype)
    for name, reference in {
        "add": np.add,
        "sub": np.subtract,
        "div": np.divide,
        "min": np.minimum,
        "max": np.maximum,
        "fmin": np.fmin,
        "fmax": np.fmax,
    }.items():
        check(name, reference(x, y), x, y, lanes=lanes)
    got = map_lanes(Builder.mul, [x, y], dtype, lanes)
    eps = np.finfo(dtype).eps
    assert np.all(np.abs(got - x * y) <= 4 * eps * np.abs(x) * np.abs(y))
    for name, reference in {"neg": np.negative, "conj": np.conj}.items():
        check(name, reference(x), x, lanes=lanes)


@pytest.mark.parametrize("dtype", COMPLEX)
def test_complex_division_and_sign_at_zero_and_infinity(dtype):
    ends = [0.0, -0.0, 1.0, -2.0, np.inf, -np.inf, np.nan]
    grid = np.array([complex(a, b) for a in ends for b in ends], dtype)
    x, y = map(np.ravel, np.meshgrid(grid, grid))
    check("div", np.divide(x, y), x, y, lanes=4)
    check("sign", np.sign(grid), grid, lanes=4)


@pytest.mark.parametrize("lanes", [1, 3, 4])
@pytest.mark.parametrize("source", ["?", *INTEGERS, *FLOATS, *COMPLEX])
def test_convert_is_astype(source, lanes):
    small = np.array([0, 1, 2, 3, 5, 8, 13, 100], source)
    if small.dtype.kind not in "bu":
        small = np.append(small, -small)
    if small.dtype.kind in "iu":
        small = np.append(small, integers(source)[0])
    if small.dtype.kind in "fc":
        small = np.append(small, small * np.array(0.625, source))
    if small.dtype.kind == "c":
        small = small + small[::-1] * np.array(1j, source)
    for target in ["?", *INTEGERS, *FLOATS, *COMPLEX]:
        unsigned = np.dtype(target).kind == "u" and small.dtype.kind in "fc"
        x = np.abs(small.real).astype(source) if unsigned else small
        expected = (x.real if np.dtype(target).kind in "iuf" else x).astype(target)
        got = map_lanes(lambda b, v, t=target: b.convert(v, t), [x], target, lanes)
        np.testing.assert_array_equal(got, expected)


def test_convert_of_floats_out_of_range_saturates():
    x = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, -1.5])
    got = map_lanes(lambda b, v: b.convert(v, "i4"), [x], "i4", 3)
    low, high = np.iinfo("i4").min, np.iinfo("i4").max
    assert got.tolist() == [0, high, low, high, low, -1]
    got = map_lanes(lambda b, v: b.convert(v, "u1"), [x], "u1", 4)
    assert got.tolist() == [0, 255, 0, 255, 0, 0]


@pytest.mark.parametrize("dtype", ["?", "i4", "f8", "c16"])
def test_select_and_lane_moves(dtype):
    x = np.arange(12).astype(dtype)
    y = (np.arange(12) % 3).astype(dtype)

    def body(b: Builder) -> None:
        u, v = b.load("%p0", 0, dtype, 12), b.load("%p1", 0, dtype, 12)
        chosen = b.select(b.cmp("eq", u, v), u, v)
        b.store(chosen, "%p2", 0)
        b.store(b.shuffle(u, [11, 0, 5]), "%p2", 12)
        b.store(b.shuffle(u, [0, 23, 12], v), "%p2", 15)
        b.store(b.insert(b.splat(b.extract(u, 7), 3), b.extract(v, 2), 1), "%p2", 18)
        three, one = b.shuffle(u, [1, 2, 3]), b.extract(v, 4)
        b.store(b.concat_lanes([three, one, three]), "%p2", 21)

    out = np.zeros(28, dtype)
    build_kernel(body, 3)(x, y, out)
    expected = [
        np.where(x == y, x, y),
        x[[11, 0, 5]],
        [x[0], y[11], y[0]],
        [x[7], y[2], x[7]],
        [x[1], x[2], x[3], y[4], x[1], x[2], x[3]],
    ]
    np.testing.assert_array_equal(out, np.concatenate(expected).astype(dtype))


@pytest.mark.parametrize("lanes", [1, 2, 3, 5, 8, 9])
@pytest.mark.parametrize("dtype", ["i4", "f4", "f8", "c16"])
def test_reduce_over_lanes(dtype, lanes):
    x = (np.arange(1, lanes + 1) * 3 % 7 + 1).astype(dtype)
    kinds = {"add": np.sum, "mul": np.prod, "min": np.min, "max": np.max}
    if dtype == "i4":
        kinds |= {
            "and": np.bitwise_and.reduce,
            "or": np.bitwise_or.reduce,
            "xor": np.bitwise_xor.reduce,
        }

    def body(b: Builder) -> None:
        for i, kind in enumerate(kinds):
            b.store(b.reduce(kind, b.load("%p0", 0, dtype, lanes)), "%p1", i)

    out = np.zeros(len(kinds), dtype)
    build_kernel(body, 2)(x, out)
    np.testing.assert_allclose(out, [f(x) for f in kinds.values()], rtol=1e-6)


@pytest.mark.parametrize("bad", range(5))
def test_reduce_keeps_nan(bad):
    x = np.arange(5.0)
    x[bad] = np.nan

    def body(b: Builder) -> None:
        v = b.load("%p0", 0, "f8", 5)
        b.store(b.reduce("max", v), "%p1", 0)
        b.store(b.reduce("min", v), "%p1", 1)

    out = np.zeros(2)
    build_kernel(body, 2)(x, out)
    assert np.isnan(out).all()


@pytest.mark.parametrize(
    ("start", "stop", "step"), [(0, 5, 1), (0, 0, 1), (3, 1, 1), (7, -2, -3), (0, 9, 0)]
)
@pytest.mark.parametrize("dynamic", [False, True])
def test_loop_counts_like_range(start, stop, step, dynamic):
    def body(b: Builder) -> None:
        bounds = [start, stop, step]
        if dynamic:
            bounds = [b.load("%p0", i, "i8") for i in range(3)]
        carries = [b.i64(0), b.const("c16", 1 + 1j)]
        with b.loop(*bounds, carries=carries) as loop:
            total, z = loop.carries
            loop.next = [b.add(total, loop.index), b.mul(z, 2j)]
        b.store(loop.results[0], "%p1", 0)
        b.store(loop.results[1], "%p2", 0)

    total, z = np.zeros(1, "i8"), np.zeros(1, "c16")
    build_kernel(body, 3)(np.array([start, stop, step]), total, z)
    trips = range(start, stop, step) if step else ()
    assert total[0] == sum(trips)
    assert z[0] == (1 + 1j) * 2j ** len(trips)


def test_nested_loops_and_branches():
    def body(b: Builder) -> None:
        n = b.param("n", "int64")
        with b.loop(0, n, carries=[b.i64(0)]) as outer:
            with b.loop(0, outer.index, carries=outer.carries) as inner:
                count = inner.carries[0]
                odd = b.cmp("eq", b.mod(inner.index, 2), 1)
                inner.next = b.if_else(
                    odd,
                    lambda: [b.add(count, inner.index)],
                    lambda: [count],
                )
            outer.next = inner.results
        b.store(outer.results[0], "%p0", 0)

    out = np.zeros(1, "i8")
    build_kernel(body, 1)(out, n=9)
    assert out[0] == sum(j for i in range(9) for j in range(i) if j % 2)


def test_hand_made_blocks_with_an_open_phi():
    def body(b: Builder) -> None:
        head, done = b.label("head"), b.label("done")
        before = b.current
        b.br(head)
        b.place(head)
        x = b.phi_open("i8", 1, b.param("n", "int64"), before)
        half = b.ashr(x.value, 1)
        b.phi_close(x, half, b.current)
        b.cond_br(b.cmp("gt", half, 3), head, done)
        b.place(done)
        b.store(half, "%p0", 0)

    out = np.zeros(1, "i8")
    build_kernel(body, 1)(out, n=1000)
    assert out[0] == 3


def test_gather_scatter_and_buffers():
    x = np.arange(10.0) + 1j
    index = np.array([3, 9, 3, 0, 7])

    def body(b: Builder) -> None:
        i = b.load("%p1", 0, "i8", 5)
        buffer = b.alloca("c16", 10)
        b.memset_zero(buffer, 160)
        b.scatter(b.gather("%p0", i, "c16"), buffer, i)
        b.memcpy("%p2", buffer, b.mul(b.param("n", "int64"), 16))

    out = np.full(10, 9, "c16")
    build_kernel(body, 3)(x, index, out, n=9)
    expected = np.where(np.isin(np.arange(10), index), x, 0)
    expected[9] = 9
    np.testing.assert_array_equal(out, expected)


def test_bool_is_a_byte_in_memory():
    x = np.array([0, 1, 1, 0, 1], bool)
    flags = np.array([0, 2, 255, 0, 1], "u1").view(bool)  # any nonzero byte is True
    got = map_lanes(lambda b, v: b.not_(v), [flags], bool, 3)
    np.testing.assert_array_equal(got.view("u1"), (~x).view("u1"))


@pytest.mark.parametrize("lanes", [1, 3, 4])
def test_extern_calls_each_lane(lanes):
    x = np.linspace(-2, 2, 13)
    got = map_lanes(lambda b, v: b.extern("cos", v, dtype="f8"), [x], "f8", lanes)
    np.testing.assert_allclose(got, np.cos(x), rtol=1e-15)


def test_constants_and_folding():
    table = np.arange(6, dtype="i2")

    def body(b: Builder) -> None:
        at = b.module.constant(table)
        assert b.module.constant(table.copy()) == at
        b.store(b.add(b.load(at, 0, "i2", 6), b.iota("i2", 6)), "%p0", 0)
        assert b.add(b.i64(3), b.mul(b.i64(4), 5)).name == "23"
        n = b.param("n", "int64")
        assert b.mul(b.add(n, 0), 1) is n
        assert b.add(b.const("i1", 127), 1).name == "-128"

    out = np.zeros(6, "i2")
    build_kernel(body, 1)(out)
    np.testing.assert_array_equal(out, table * 2)


def test_mixed_operands_are_refused():
    b = Module().function("f", [])
    with pytest.raises(TypeError, match="different types"):
        b.add(b.const("f8", 1.0), b.const("f4", 1.0))
    with pytest.raises(TypeError, match="different types"):
        b.add(b.const("f8", 1.0, 4), b.const("f8", 1.0))
    with pytest.raises(TypeError, match="true division"):
        b.div(b.i64(1), 2)
    with pytest.raises(TypeError, match="no machine type"):
        b.load("%p", 0, "O")
    with pytest.raises(IndexError):
        b.extract(b.const("f8", 1.0, 4), 4)
    with (
        pytest.raises(ValueError, match="carries"),
        b.loop(0, 2, 1, [b.i64(0)]) as loop,
    ):
        loop.next = []
