"""Calls of every function of the array API standard, for each dtype it takes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

DTYPES = [
    np.dtype(name)
    for name in (
        "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
        "float32 float64 complex64 complex128"
    ).split()
]


@dataclass(frozen=True)
class Entries:
    """Numbers of a shape, in whichever dtype a case is run."""

    shape: tuple[int, ...]
    seed: int = 0
    low: float = -3.0
    high: float = 3.0

    def of(self, dtype):
        rng = np.random.default_rng([self.seed, *self.shape])
        low = max(self.low, 0.0) if dtype.kind == "u" else self.low
        values = rng.uniform(low, self.high, self.shape)
        if dtype.kind == "c":
            values = values + 1j * rng.uniform(low, self.high, self.shape)
        if dtype.kind == "b":
            values = values > 0
        if dtype.kind in "iu":
            values = np.round(values)
        return values.astype(dtype)


@dataclass(frozen=True)
class Definite:
    """A symmetric matrix with positive eigenvalues."""

    extent: int

    def of(self, dtype):
        square = Entries((self.extent, self.extent)).of(np.dtype(np.float64))
        return (square @ square.T + np.eye(self.extent)).astype(dtype)


@dataclass
class Case:
    """``name(*args, **kwargs)``; `Entries` among the arguments take each dtype."""

    name: str
    args: tuple
    kwargs: dict = field(default_factory=dict)
    traced: bool = True
    after: Any = None

    @property
    def id(self):
        return f"{self.name}({', '.join(self.kwargs)})"


def case(name, *args, traced=True, after=None, **kwargs):
    return Case(name, args, kwargs, traced, after)


def magnitudes(results):
    """What vectors and factors with free signs have in common."""
    return [abs(x) for x in results]


def in_order(values):
    """The standard leaves the order of unique values open."""
    return [np.sort(np.asarray(getattr(values, "_array", values)))]


A, B = Entries((2, 3), 1), Entries((2, 3), 2)
UNIT = Entries((2, 3), 3, -0.9, 0.9)
POSITIVE = Entries((2, 3), 4, 0.6, 3.0)
CUBE = Entries((2, 3, 4), 5)
ROW = Entries((3,), 6)
SQUARE = Entries((3, 3), 7)
DEFINITE = Definite(3)
PLACES = np.array([2, 0, 1])

UNARY = (
    "abs acosh asinh bitwise_invert ceil conj cos cosh exp expm1 floor imag isfinite "
    "isinf isnan logical_not negative positive real round sign signbit sin sinh square "
    "tan tanh trunc"
).split()
BINARY = (
    "add atan2 bitwise_and bitwise_or bitwise_xor copysign equal greater greater_equal "
    "hypot less less_equal logaddexp logical_and logical_or logical_xor maximum minimum "
    "multiply nextafter not_equal subtract"
).split()

ELEMENTWISE = [
    *[case(name, A) for name in UNARY],
    *[case(name, UNIT) for name in "acos asin atan atanh".split()],
    *[case(n, POSITIVE) for n in "log log10 log1p log2 reciprocal sqrt".split()],
    *[case(name, A, B) for name in BINARY],
    *[case(name, A, POSITIVE) for name in "divide floor_divide remainder".split()],
    case("pow", POSITIVE, POSITIVE),
    *[
        case(f"bitwise_{side}_shift", A, Entries((2, 3), 8, 0, 4))
        for side in ("left", "right")
    ],
    case("add", A, ROW),
    case("multiply", Entries((2, 1)), ROW),
    case("clip", A),
    case("clip", A, 0, 2),
    case("clip", A, min=1),
    case("clip", A, max=1),
    case("clip", A, Entries((3,), 1, 0, 1), Entries((3,), 1, 2, 3)),
    case("where", np.array([True, False, True]), A, B),
]

CREATION = [
    case("arange", 5),
    case("arange", 1, 9, 2),
    case("arange", 1.0, stop=2.0, step=0.25),
    case("asarray", A),
    case("asarray", A, copy=True),
    case("empty", (2, 3), after=lambda x: [x.shape]),
    case("empty_like", A, after=lambda x: [x.shape]),
    case("eye", 3),
    case("eye", 2, 4, k=1),
    case("full", (2, 3), 1),
    case("full", 3, 2.5),
    case("full_like", A, 1),
    case("linspace", 0.0, 1.0, 5),
    case("linspace", 0.0, 1.0, num=4, endpoint=False),
    case("meshgrid", ROW, Entries((2,))),
    case("meshgrid", ROW, Entries((2,)), indexing="ij"),
    *[case(name, shape) for name in ("ones", "zeros") for shape in (3, (2, 3))],
    *[case(f"{name}_like", A) for name in ("ones", "zeros")],
    *[case(name, CUBE, k=k) for name in ("tril", "triu") for k in (-1, 0, 1)],
    case("from_dlpack", A, traced=False),
]

REDUCTIONS = [
    *[
        case(name, CUBE, axis=axis, keepdims=keepdims)
        for name in "all any count_nonzero max mean min prod sum std var".split()
        for axis, keepdims in [(None, False), (1, False), ((0, -1), True)]
    ],
    *[case(name, A, correction=1.0) for name in ("std", "var")],
    *[case(f"arg{name}", A) for name in ("max", "min")],
    *[case(f"arg{name}", A, axis=1, keepdims=True) for name in ("max", "min")],
    *[case(f"cumulative_{name}", ROW) for name in ("prod", "sum")],
    *[
        case(f"cumulative_{name}", A, axis=1, include_initial=True)
        for name in ("prod", "sum")
    ],
    case("diff", A),
    case("diff", A, axis=0, n=1),
    case("diff", A, prepend=Entries((2, 1)), append=Entries((2, 2))),
]

SHAPES = [
    case("broadcast_arrays", A, ROW),
    case("broadcast_to", ROW, (2, 3)),
    case("concat", [A, B]),
    case("concat", [A, ROW], axis=None),
    case("concat", [A, B], axis=1),
    case("expand_dims", A, axis=1),
    case("expand_dims", A, -1),
    case("flip", CUBE),
    case("flip", CUBE, axis=(0, 2)),
    case("moveaxis", CUBE, 0, 2),
    case("moveaxis", CUBE, (0, 1), (2, 0)),
    case("permute_dims", CUBE, (2, 0, 1)),
    case("repeat", A, 2),
    case("repeat", A, 3, axis=1),
    case("repeat", A, np.array([1, 2]), axis=0, traced=False),
    case("reshape", A, (3, 2)),
    case("reshape", A, (-1,), copy=True),
    case("roll", A, 2),
    case("roll", A, (1, 2), axis=(0, 1)),
    case("squeeze", Entries((2, 1, 3)), axis=1),
    case("stack", [A, B]),
    case("stack", [A, B], axis=-1),
    case("tile", A, (2, 1, 2)),
    case("unstack", CUBE, axis=1),
]

SEARCHING = [
    *[case("argsort", A, axis=axis) for axis in (-1, 0)],
    *[case("sort", A, axis=axis) for axis in (-1, 0)],
    case("argsort", Entries((9,)), descending=True),
    case("sort", Entries((9,)), descending=True, stable=False),
    case("nonzero", A, traced=False),
    *[
        case("searchsorted", np.array([-1.0, 0.5, 2.0]), np.array([0.5, 3.0]), side=s)
        for s in ("left", "right")
    ],
    case(
        "searchsorted", np.array([2.0, -1.0, 0.5]), np.array([0.0]), sorter=PLACES[::-1]
    ),
    case("take", A, np.array([1, 0, 1]), axis=0),
    case("take", ROW, np.array([2, 0])),
    case("take_along_axis", A, np.array([[2, 0], [1, 1]])),
    case("take_along_axis", A, np.array([[1, 0, 1]]), axis=0),
    *[
        case(f"unique_{name}", Entries((9,)), traced=False)
        for name in "all counts inverse".split()
    ],
    case("unique_values", Entries((9,)), traced=False, after=in_order),
]

PRODUCTS = [
    case("matmul", A, Entries((3, 4))),
    case("matmul", CUBE, Entries((4, 2))),
    case("matmul", ROW, ROW),
    case("matrix_transpose", CUBE),
    case("tensordot", A, Entries((3, 2)), axes=1),
    case("tensordot", A, B, axes=((0, 1), (0, 1))),
    case("vecdot", A, ROW),
    case("vecdot", A, B, axis=-1),
]

LINALG = [
    case("linalg.cholesky", DEFINITE),
    case("linalg.cholesky", DEFINITE, upper=True),
    case("linalg.cross", ROW, Entries((3,), 9)),
    case("linalg.det", SQUARE),
    case("linalg.diagonal", CUBE, offset=1),
    case("linalg.eigh", DEFINITE, after=magnitudes),
    case("linalg.eigvalsh", DEFINITE),
    case("linalg.inv", SQUARE),
    case("linalg.matmul", A, Entries((3, 4))),
    case("linalg.matrix_norm", CUBE, keepdims=True),
    case("linalg.matrix_norm", A, ord=1),
    case("linalg.matrix_power", SQUARE, 3),
    case("linalg.matrix_rank", SQUARE),
    case("linalg.matrix_transpose", CUBE),
    case("linalg.outer", ROW, ROW),
    case("linalg.pinv", A),
    case("linalg.qr", SQUARE, after=magnitudes),
    case("linalg.slogdet", SQUARE),
    case("linalg.solve", SQUARE, Entries((3, 2))),
    case("linalg.svd", A, full_matrices=False, after=magnitudes),
    case("linalg.svdvals", A),
    case("linalg.tensordot", A, Entries((3, 2)), axes=1),
    case("linalg.trace", CUBE, offset=1),
    case("linalg.vecdot", A, ROW),
    case("linalg.vector_norm", CUBE, axis=(0, 2)),
    case("linalg.vector_norm", A, ord=1, keepdims=True),
]

FFT = [
    *[
        case(f"fft.{name}", Entries((2, 8)), norm=norm)
        for name in "fft ifft fftn ifftn rfft rfftn ihfft".split()
        for norm in ("backward", "ortho")
    ],
    *[case(f"fft.{name}", Entries((2, 5)), n=8) for name in "irfft hfft".split()],
    case("fft.irfftn", Entries((4, 5)), axes=(0, 1)),
    case("fft.fftfreq", 8, d=0.5),
    case("fft.rfftfreq", 8),
    *[case(f"fft.{name}", CUBE, axes=1) for name in ("fftshift", "ifftshift")],
]

CASES = [
    *ELEMENTWISE,
    *CREATION,
    *REDUCTIONS,
    *SHAPES,
    *SEARCHING,
    *PRODUCTS,
    *LINALG,
    *FFT,
]
