"""A function compiled gives what NumPy gives: bits, dtypes, shapes, and errors."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp

DTYPES = ("?", "i1", "i4", "i8", "u1", "u8", "f2", "f4", "f8", "c8", "c16")
WEAK = (True, 3, 2.5, 1.5 + 0.5j)


def _values(dtype: str, shape: tuple[int, ...], seed: int) -> Any:
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return np.asarray(rng.random(shape) < 0.5)
    if kind in "iu":
        return np.asarray(rng.integers(1, 6, shape)).astype(dtype)
    values = rng.uniform(0.5, 3.0, shape)
    if kind == "c":
        values = values + 1j * rng.uniform(-1.0, 1.0, shape)
    return np.asarray(values).astype(dtype)


def _if_positive(x: Any) -> Any:
    return fg.lax.cond(np.sum(x) > 1, lambda v: v + v, lambda v: v * v, x)


def _loop(x: Any) -> Any:
    return fg.lax.fori_loop(0, 3, lambda i, c: c + c, x)


def _scan(x: Any) -> Any:
    return fg.lax.scan(lambda c, a: (c + a, c * a), x[0], x)


def _while(x: Any) -> Any:
    return fg.lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] + x), (0, x))


# Only + - * / sqrt, moves and comparisons: equal bit for bit.
EXACT: dict[str, Callable[[Any], Any]] = {
    "add one": lambda x: x + 1,
    "one minus": lambda x: 1 - x,
    "times half": lambda x: x * 0.5,
    "times i": lambda x: x * 1j,
    "plus true": lambda x: x + True,
    "divide": lambda x: x / 2,
    "divide by itself": lambda x: x / x,
    "reciprocal of": lambda x: 1 / x,
    "floor divide": lambda x: x // 2,
    "modulo": lambda x: x % 2,
    "divmod": lambda x: divmod(x, 2),
    "square": lambda x: x * x,
    # NumPy's operator, not its function, gives int8 for the square of bools.
    "power two": lambda x: np.power(x, 2),
    "power zero": lambda x: x**0,
    "negative": lambda x: -x,
    "positive": lambda x: +x,
    "absolute": lambda x: abs(np.real(x)),
    "invert": lambda x: ~x,
    "and": lambda x: x & 1,
    "or": lambda x: x | x,
    "xor": lambda x: x ^ True,
    "shift left": lambda x: x << 1,
    "shift right": lambda x: x >> 1,
    "less": lambda x: x < 2,
    "equal": lambda x: x == 2,
    "not equal": lambda x: x != 2.0,
    "logical": lambda x: np.logical_and(x, np.logical_not(x)),
    "maximum": lambda x: np.maximum(x, 2),
    "minimum of array": lambda x: np.minimum(x, x[::-1]),
    "clip": lambda x: np.clip(x, 1, 2),
    "sign": np.sign,
    "where": lambda x: np.where(x > 1, x, 0),
    "where float": lambda x: np.where(x == x, 0.5, x),
    "sum": np.sum,
    "sum of float32": lambda x: np.sum(x, dtype=np.float32) * np.float32(2),
    "max": np.max,
    "argmax": np.argmax,
    "any": np.any,
    "all": lambda x: np.all(x, axis=0, keepdims=True),
    "count": np.count_nonzero,
    "sort": np.sort,
    "argsort": lambda x: np.argsort(x, kind="stable"),
    "cumsum": np.cumsum,
    "diff": np.diff,
    "reverse": lambda x: x[::-1],
    "strided": lambda x: x[1::2],
    "first": lambda x: x[0],
    "last": lambda x: x[-1],
    "new axis": lambda x: x[None, ..., None],
    "by array": lambda x: x[np.array([0, -1, 1])],
    "by list": lambda x: x[[0, 1]],
    "by mask": lambda x: x[np.array([True, False, True, True])],
    "set": lambda x: fnp.asarray(x).at[1].set(0),
    "add at": lambda x: fnp.asarray(x).at[np.array([0, 0])].add(x[0]),
    "outer sum": lambda x: x[:, None] + x,
    "concatenate": lambda x: np.concatenate([x, x[:1]]),
    "stack": lambda x: np.stack([x, x]).T,
    "pad": lambda x: np.pad(x, 1),
    "tile": lambda x: np.tile(x, 2),
    "roll": lambda x: np.roll(x, 1),
    "reshape": lambda x: np.reshape(x, (2, -1)),
    "astype": lambda x: np.real(x).astype(np.float32),
    "to bool": lambda x: x.astype(bool),
    "to int8": lambda x: np.real(x).astype(np.int8),
    "zeros like": np.zeros_like,
    "full like": lambda x: np.full_like(x, 1),
    "real": np.real,
    "imag": np.imag,
    "conjugate": np.conj,
    "is finite": np.isfinite,
    "real sqrt": lambda x: np.sqrt(np.real(x)),
    "with NumPy scalar": lambda x: x + np.float32(1),
    "with int8": lambda x: x + np.int8(1),
    "with big": lambda x: x + 1000,
    "with uint64": lambda x: x * np.uint64(2),
    "cond": _if_positive,
    "fori loop": _loop,
    "scan": _scan,
    "while": _while,
    "round": np.round,
    "floor": np.floor,
    "trunc": np.trunc,
    "dict": lambda x: {"a": x, "b": (x + x, None)},
}

# Elementary functions and sums of many products: four units in the last place.
NEAR: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "arctan": np.arctan,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "power": lambda x: x**1.5,
    "power of itself": lambda x: np.power(np.real(x), np.real(x)),
    "hypot": lambda x: np.hypot(np.real(x), 1),
    "arctan2": lambda x: np.arctan2(x, 2),
    "logaddexp": lambda x: np.logaddexp(np.real(x), 1),
    "mean": np.mean,
    "var": np.var,
    "prod": lambda x: np.prod(x[:2]),
    "dot": lambda x: x @ x,
    "matmul": lambda x: np.reshape(x, (2, 2)) @ np.reshape(x, (2, 2)),
    "norm": np.linalg.norm,
}

INPUTS: dict[str, Any] = {c: _values(c, (4,), 1) for c in DTYPES}
INPUTS |= {f"{c} 0-d": _values(c, (), 2) for c in ("?", "i4", "f4", "c16")}
INPUTS |= {f"{c} empty": _values(c, (0,), 3) for c in ("?", "i4", "f4")}


def outcome(function: Callable[[Any], Any], x: Any) -> tuple[Any, Any]:
    """The results and their structure, or the error."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            leaves, structure = fg.tree.flatten(function(x))
    except Exception as error:  # noqa: BLE001
        return None, error
    return [np.asarray(leaf) for leaf in leaves], structure


def ulps_apart(got: np.ndarray, want: np.ndarray) -> Any:
    """Distance in units in the last place of the larger part; NaN meets NaN."""
    if want.dtype.kind not in "fc":
        return np.where(got == want, 0.0, np.inf)
    size = np.abs(want).astype(want.real.dtype)
    unit = np.spacing(np.where(np.isfinite(size), size, 1))
    wide = np.complex128 if want.dtype.kind == "c" else np.float64
    apart = np.abs(got.astype(wide) - want.astype(wide)) / unit
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    return np.where(same, 0.0, apart)


def assert_same(got: list[np.ndarray], want: list[np.ndarray], ulps: int) -> None:
    for mine, theirs in zip(got, want, strict=True):
        assert mine.dtype == theirs.dtype
        assert mine.shape == theirs.shape
        with np.errstate(all="ignore"):
            apart = ulps_apart(mine, theirs)
        assert np.all(apart <= ulps), (mine, theirs)


def kind_of(error: BaseException) -> type[BaseException]:
    """Which of Python's own classes an error belongs to."""
    classes = (IndexError, OverflowError, ZeroDivisionError, ValueError, TypeError)
    return next((c for c in classes if isinstance(error, c)), type(error))


def check(function: Callable[[Any], Any], x: Any, ulps: int) -> None:
    want, structure = outcome(function, x)
    got, own_structure = outcome(fg.jit(function), x)
    if want is None:
        assert isinstance(own_structure, Exception), f"no {structure!r}"
        assert kind_of(own_structure) is kind_of(structure)
        return
    assert got is not None, own_structure
    assert own_structure == structure
    assert_same(got, want, ulps)


@pytest.mark.parametrize("given", INPUTS, ids=str)
@pytest.mark.parametrize("name", EXACT)
def test_bit_for_bit(name, given):
    x = INPUTS[given]
    # NumPy fuses products of complex numbers with sums, or not, by array length.
    check(EXACT[name], x, 4 if x.dtype.kind == "c" else 0)


@pytest.mark.parametrize("given", INPUTS, ids=str)
@pytest.mark.parametrize("name", NEAR)
def test_nearly(name, given):
    check(NEAR[name], INPUTS[given], 4)


OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "mod", "lt", "eq", "and_")


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_python_numbers_as_arguments_stay_weak(name, dtype):
    function = getattr(operator, name)
    x = _values(dtype, (4,), 1)
    ulps = 4 if dtype in ("c8", "c16") else 0
    for number in WEAK:
        exact = 4 if type(number) is complex else ulps
        want, structure = outcome(lambda v, n=number: function(v, n), x)
        jitted = fg.jit(function)
        got, own = outcome(lambda v, n=number, f=jitted: f(v, n), x)
        if want is None:
            assert kind_of(own) is kind_of(structure)
        else:
            assert got is not None, own
            assert_same(got, want, exact)
