"""The table of NumPy functions: calls with their arguments, and what to check of each.

A call is written with ``np``; the tests run it with NumPy on arrays, with NumPy on traced
values, and with ``funcgrad.numpy``.
"""

from dataclasses import dataclass, field

import numpy as np

_rng = np.random.default_rng(20240131)


def normal(*shape):
    return _rng.normal(size=shape)


def unit(*shape):
    return _rng.uniform(-0.9, 0.9, size=shape)


def positive(*shape):
    return _rng.uniform(0.5, 2.5, size=shape)


def integers(*shape, low=-5, high=6, dtype=np.int64):
    return _rng.integers(low, high, size=shape, endpoint=False).astype(dtype)


def booleans(*shape):
    return _rng.integers(0, 2, size=shape).astype(bool)


def complexes(*shape):
    return normal(*shape) + 1j * normal(*shape)


def words(text):
    """The words of a text."""
    return text.split()


@dataclass
class Call:
    """``function(np, *args)``; differentiable in float arguments unless told."""

    name: str
    function: object
    args: tuple
    differentiable: bool = True
    batchable: bool = True
    tolerance: float = 1e-12
    id: str = field(default="")

    def is_discrete(self):
        """Whether no float enters that a result depends on smoothly."""
        return not any(_has_float(x) for x in self.args)


def _has_float(x):
    if isinstance(x, list | tuple):
        return any(map(_has_float, x))
    return np.asarray(x).dtype.kind in "fc"


def call(name, *args, differentiable=True, batchable=True, tolerance=1e-12, **kwargs):
    """A call of ``np.<name>`` on the arguments; kwargs are passed as they are."""

    def function(np, *values):
        target = np
        for part in name.split("."):
            target = getattr(target, part)
        return target(*values, **kwargs)

    options = ",".join(f"{k}={v}" for k, v in kwargs.items() if np.ndim(v) == 0)
    label = f"{name}({options})"
    return Call(name, function, args, differentiable, batchable, tolerance, label)


def expression(
    name, function, *args, differentiable=True, batchable=True, tolerance=1e-12
):
    """Any use of ``np`` on the arguments."""
    return Call(name, function, args, differentiable, batchable, tolerance, name)


A, B, C = normal(3, 4), normal(3, 4), normal(2, 3, 4)
V, W = normal(4), normal(4)
P = positive(3, 4)
N = integers(3, 4)
SPREAD = np.array([0.0, 1.0, 2.0, 3.0])
NAN = np.where(booleans(3, 4), np.nan, A)

# Quotients that stay away from whole numbers, where remainders jump.
DIVISOR = positive(4)
DIVIDEND = (integers(3, 4) + 0.5 + unit(3, 4) / 3) * DIVISOR

UNARY = (
    [
        call(name, value)
        for name, value in [
            *[
                (n, A)
                for n in words(
                    "negative positive absolute fabs sign square exp exp2 expm1"
                )
            ],
            *[
                (n, A)
                for n in words(
                    "sin cos tan arctan sinh cosh tanh arcsinh degrees radians cbrt"
                )
            ],
            *[(n, P) for n in words("log log2 log10 log1p sqrt reciprocal")],
            *[(n, unit(3, 4)) for n in words("arcsin arccos arctanh")],
            ("arccosh", P + 1),
            ("rad2deg", A),
            ("deg2rad", A),
            *[(n, 3 * A) for n in words("floor ceil trunc rint")],
            ("conjugate", complexes(3, 4)),
            *[
                (n, complexes(3))
                for n in words("exp sin cos tanh sqrt log square absolute negative")
            ],
            *[
                (n, N)
                for n in words(
                    "sin exp sign absolute square negative floor bitwise_count"
                )
            ],
            *[
                (n, integers(5, dtype=np.int8))
                for n in words("sin exp negative arctan")
            ],
            *[(n, integers(5, dtype=np.int16)) for n in words("cos degrees")],
            *[(n, A.astype(np.float32)) for n in words("sin exp tanh degrees")],
            ("logical_not", A),
            ("logical_not", booleans(5)),
            ("invert", N),
            ("invert", booleans(5)),
        ]
    ]
    + [
        call(n, np.array([1.0, np.nan, np.inf, -np.inf, -0.0]), differentiable=False)
        for n in words("isnan isinf isfinite signbit")
    ]
    + [
        call("isnan", N),
        call("isfinite", N),
        call("isinf", N),
        call("isnan", np.array([1.0, complex(0, np.nan)]), differentiable=False),
        call(
            "frexp",
            np.array([0.0, 1.0, -3.5, 1e300, 5e-310, np.inf]),
            differentiable=False,
            batchable=False,
        ),
        call("modf", 3 * A),
        call("spacing", A, differentiable=False),
    ]
)

BINARY = [
    *[
        call(n, A, B)
        for n in words("add subtract multiply divide maximum minimum fmax fmin hypot")
    ],
    *[
        call(n, A, V)
        for n in words("add subtract multiply divide arctan2 logaddexp logaddexp2")
    ],
    *[call(n, N, integers(4)) for n in words("add subtract multiply maximum minimum")],
    *[
        call(n, N, integers(4, low=1))
        for n in words("divide floor_divide remainder fmod")
    ],
    *[
        call(n, DIVIDEND, DIVISOR)
        for n in words("floor_divide remainder fmod copysign")
    ],
    call("power", P, A),
    call("float_power", P, V),
    call("power", N, 3),
    call("power", P, 3),
    call("power", N.astype(np.int32), 2),
    call("power", P.astype(np.float32), 2.5),
    call("add", A.astype(np.float32), 2.0),
    call("add", N.astype(np.int8), 1),
    call("add", N.astype(np.int32), A.astype(np.float32)),
    call("add", booleans(4), booleans(4)),
    call("multiply", N, 2.5),
    call("subtract", 3, N.astype(np.uint8)),
    call(
        "heaviside",
        np.array([-1.0, 0.0, 2.0]),
        np.array([0.5, 0.25, 0.5]),
        differentiable=False,
    ),
    call("nextafter", A, B, differentiable=False),
    call("ldexp", A, integers(3, 4)),
    call("ldexp", 1e-300, 1500, differentiable=False),
    call("gcd", integers(5, high=60, low=-60), integers(5, high=60)),
    call("lcm", integers(5, high=60, low=1), integers(5, high=60, low=1)),
    call("divmod", DIVIDEND, DIVISOR),
    call("divmod", N, 3),
    *[
        call(n, N, integers(4))
        for n in words(
            "equal not_equal less less_equal greater greater_equal logical_and logical_or "
            "logical_xor bitwise_and bitwise_or bitwise_xor"
        )
    ],
    *[call(n, A, V) for n in words("less greater_equal logical_and")],
    call("left_shift", N, integers(4, low=0)),
    call("right_shift", N, integers(4, low=0)),
    call("right_shift", integers(5, low=0, dtype=np.uint8), np.uint8(1)),
    call("add", A, B, where=booleans(3, 4) | True),
    call("add", A, B, dtype=np.float32, differentiable=False),
    call("multiply", N, N, dtype=np.float64),
]

REDUCTIONS = [
    *[
        call(n, C, axis=axis)
        for n in words("sum prod mean var std max min")
        for axis in (None, 0, -1, (0, 2), ())
    ],
    *[
        call(n, A, axis=1, keepdims=True)
        for n in words("sum prod mean var std max min ptp")
    ],
    *[
        call(n, N.astype(t))
        for n in words("sum prod mean std max cumsum")
        for t in (np.int8, np.int32, np.uint16, np.int64, bool)
    ],
    *[call(n, A.astype(np.float32)) for n in words("sum mean var median")],
    call("mean", A.astype(np.float16), tolerance=1e-3, differentiable=False),
    call("sum", A, axis=0, dtype=np.float32, tolerance=1e-6, differentiable=False),
    call("sum", A, axis=0, where=booleans(3, 4)),
    call("sum", A, initial=2.0),
    call("prod", A, axis=0, where=booleans(3, 4), initial=2.0),
    call("max", A, axis=0, where=booleans(3, 4), initial=-1.0),
    call("min", A, axis=0, initial=-0.5),
    call("mean", A, where=A > 0, batchable=False, differentiable=False),
    call("var", A, ddof=1, axis=0),
    call("std", A, ddof=1, keepdims=True),
    call("var", complexes(3, 4), axis=0),
    call("mean", complexes(3, 4)),
    call("all", booleans(3, 4), axis=0),
    call("any", booleans(3, 4), axis=1, keepdims=True),
    call("all", A),
    call("any", N),
    call("count_nonzero", N),
    call("count_nonzero", N, axis=1),
    *[call(n, A, axis=axis) for n in words("argmax argmin") for axis in (None, 0, 1)],
    call("argmax", A, axis=1, keepdims=True),
    call("argmin", A, keepdims=True),
    *[call(n, A, axis=axis) for n in words("cumsum cumprod") for axis in (None, 0, 1)],
    call("cumulative_sum", A, axis=1, include_initial=True),
    call("cumulative_prod", V, include_initial=True),
    call("add.reduce", A),
    call("add.reduce", A, axis=None),
    call("multiply.reduce", A, axis=1),
    call("maximum.reduce", A, axis=(0, 1)),
    call("logical_and.reduce", booleans(3, 4)),
    call("subtract.reduce", A),
    call("logaddexp.reduce", A, axis=1, keepdims=True),
    call("bitwise_or.reduce", N),
    call("add.accumulate", A),
    call("maximum.accumulate", A, axis=1),
    call("multiply.accumulate", A),
    call("subtract.accumulate", A, axis=1),
    call("add.outer", V, W),
    call("multiply.outer", A, V),
    call("less.outer", V, W),
    call("add.reduceat", V, np.array([0, 2, 1]), batchable=False, differentiable=False),
    *[
        call(n, NAN, axis=1)
        for n in words(
            "nansum nanprod nanmax nanmin nanmean nanvar nanstd nancumsum nancumprod"
        )
    ],
    call("nanmedian", NAN),
    call("nanmedian", NAN, axis=1),
    call("nanargmax", NAN),
    call("nanargmin", NAN),
    call("nanquantile", NAN, 0.3, axis=1),
    call("nanpercentile", NAN, np.array([10.0, 90.0]), differentiable=False),
    call("nanmean", NAN, keepdims=True),
]

SHAPE = [
    call("reshape", A, (4, 3)),
    call("reshape", A, (2, -1)),
    call("reshape", A, -1),
    call("reshape", A, (2, 6), order="F"),
    call("ravel", A),
    call("ravel", A, order="F"),
    call("transpose", C),
    call("transpose", C, (1, 0, 2)),
    call("permute_dims", C, (2, 0, 1)),
    call("matrix_transpose", C),
    call("swapaxes", C, 0, -1),
    call("moveaxis", C, 0, -1),
    call("moveaxis", C, (0, 1), (2, 0)),
    call("rollaxis", C, 2),
    call("rollaxis", C, 0, 3),
    call("expand_dims", A, (0, 3)),
    call("expand_dims", A, -1),
    call("squeeze", A[:, None]),
    call("squeeze", A[None, :, None], axis=0),
    call("broadcast_to", V, (3, 4)),
    call("broadcast_arrays", V, A[:, :1]),
    call("atleast_1d", 2.0),
    call("atleast_2d", V),
    call("atleast_3d", A),
    call("atleast_3d", V),
    call("flip", C),
    call("flip", C, axis=(0, 2)),
    call("flipud", A),
    call("fliplr", A),
    *[call("rot90", A, k) for k in range(4)],
    call("rot90", C, 1, axes=(1, 2)),
    call("roll", A, 2),
    call("roll", A, -1, axis=0),
    call("roll", A, (1, 2), axis=(0, 1)),
    call("tile", A, 2),
    call("tile", V, (3, 2)),
    call("tile", C, (2, 1)),
    call("repeat", A, 3),
    call("repeat", A, 2, axis=1),
    call("repeat", V, [1, 0, 2, 3]),
    call("resize", A, (2, 3)),
    call("resize", V, (3, 5)),
    call("astype", A, np.float32, tolerance=1e-6, differentiable=False),
    call("concatenate", [A, B]),
    call("concatenate", [A, B], axis=1),
    call("concatenate", [A, V], axis=None),
    call("concatenate", [N, A], axis=0),
    call("stack", [V, W]),
    call("stack", [A, B], axis=-1),
    call("unstack", A),
    call("hstack", [A, B]),
    call("hstack", [V, W]),
    call("vstack", [V, A]),
    call("dstack", [A, B]),
    call("column_stack", [V, W]),
    call("block", [[A, B], [B, A]]),
    call("append", A, B),
    call("append", A, B, axis=0),
    call("array_split", A, 3, axis=1),
    call("split", A, 2, axis=1),
    call("split", A, [1, 2], axis=1),
    call("hsplit", A, 2),
    call("vsplit", A, 3),
    call("dsplit", C, 2),
    call("insert", V, 1, 5.0),
    call("insert", A, 1, 2.0, axis=1),
    call("insert", V, [1, 3], [7.0, 8.0]),
    call("delete", V, 1),
    call("delete", A, [0, 2], axis=1),
    call("insert", A, 1, V, axis=0),
    call("pad", A, 1),
    call("pad", A, ((1, 0), (2, 3))),
    call("pad", V, (1, 2), constant_values=3.0),
    *[
        call("pad", A, ((2, 1), (1, 2)), mode=m)
        for m in words(
            "edge reflect symmetric wrap mean maximum minimum median linear_ramp"
        )
    ],
    expression(
        "shape", lambda np, x: np.shape(x)[0] * np.ndim(x) * np.size(x, 1) + 0 * x, A
    ),
]

INDEXING = [
    call("where", A > 0, A, B),
    call("where", A > 0, A, 0.0),
    call("where", A > 0, 1, 2),
    call("where", A > 0, A.astype(np.float32), 2.5),
    call("where", A, A, V),
    call("take", A, np.array([0, 5, 3])),
    call("take", A, np.array([[0, 1], [2, 0]]), axis=1),
    call("take", A, np.array([7, -9]), axis=0, mode="wrap"),
    call("take_along_axis", A, np.argsort(A, axis=1), axis=1),
    call("choose", integers(4, low=0, high=3), [V, W, V * 2]),
    call("select", [A > 0.5, A > 0], [A, B], 3.0),
    call("compress", np.array([True, False, True]), A, axis=0, batchable=False),
    call("extract", A > 0, A, batchable=False),
    call("diagonal", C, 1, 1, 2),
    call("diagonal", A),
    call("diag", A),
    call("diag", A, 1),
    call("diag", A, -2),
    call("diag", V),
    call("diag", V, 1),
    call("diag", V, -2),
    call("diagflat", A[:2, :2]),
    call("trace", A),
    call("trace", C, 1, 0, 2),
    call("tril", A),
    call("tril", C, -1),
    call("triu", A, 1),
    call("tril", V),
    call("unravel_index", np.array([0, 5, 11]), (3, 4)),
    expression(
        "ravel_multi_index",
        lambda np, i, j: np.ravel_multi_index((i, j), (3, 4)),
        np.array([0, 2]),
        np.array([1, 3]),
    ),
    call("nonzero", N, batchable=False),
    call("flatnonzero", N, batchable=False),
    call("argwhere", N, batchable=False),
    expression(
        "piecewise",
        lambda np, x: np.piecewise(x, [x < 0, x > 1], [np.square, 3.0, np.exp]),
        A,
        differentiable=False,
    ),
]

PRODUCTS = [
    call("dot", A, A.T),
    call("dot", A, V),
    call("dot", V, W),
    call("dot", C, A.T),
    call("dot", A, 2.0),
    call("matmul", A, A.T),
    call("matmul", C, A.T),
    call("matmul", C, normal(2, 4, 2)),
    call("matmul", C, normal(5, 1, 4, 2)),
    call("matmul", A, V),
    call("matmul", V, A.T),
    call("matmul", V, W),
    call("matmul", C, V),
    call("matmul", V, normal(2, 4, 3)),
    call("matmul", N, N.T),
    call("matmul", N.astype(np.int8), N.T.astype(np.int8)),
    call("matmul", complexes(2, 3), normal(3, 2)),
    call("vdot", A, B),
    call("vdot", complexes(3), complexes(3)),
    call("inner", A, B),
    call("inner", V, W),
    call("outer", V, A),
    call("tensordot", C, normal(3, 4, 5)),
    call("tensordot", A, B.T, axes=1),
    call("tensordot", A, B, axes=((0,), (0,))),
    call("kron", A, normal(2, 2)),
    call("kron", V, A),
    call("cross", normal(5, 3), normal(5, 3)),
    call("cross", normal(3, 5), normal(3, 5), axis=0),
    call("vecdot", A, B),
    call("vecdot", complexes(3, 4), V),
    call("matvec", C, V),
    call("vecmat", normal(3), A),
    call("linalg.multi_dot", [A, A.T, A]),
    call("linalg.multi_dot", [V, A.T, normal(3)]),
    *[
        call("einsum", text, *arrays)
        for text, arrays in [
            ("ij,jk->ik", (A, A.T)),
            ("ij->ji", (A,)),
            ("ii->i", (A[:3, :3],)),
            ("ii", (A[:3, :3],)),
            ("ij,ij->", (A, B)),
            ("i,j->ij", (V, W)),
            ("bij,bjk->bik", (C, normal(2, 4, 2))),
            ("...ij,...jk", (C, A.T)),
            ("ij,jk,kl->il", (A, A.T, A)),
            ("ij,j,j->i", (A, V, W)),
            ("ijk,k->ij", (C, V)),
            ("b...,...->b...", (A, V)),
            ("ij,ik->", (A, B)),
            ("i...->...", (C,)),
        ]
    ],
    expression(
        "einsum sublists",
        lambda np, x, y: np.einsum(x, [0, 1], y, [1, 2], [0, 2]),
        A,
        A.T,
    ),
]

SORTING = [
    call("sort", A),
    call("sort", A, axis=0),
    call("sort", A, axis=None),
    call("argsort", A),
    call("argsort", N, axis=0, kind="stable"),
    call("sort", N),
    call("sort", NAN, differentiable=False),
    call("lexsort", [integers(6), integers(6)], batchable=False),
    call("searchsorted", np.sort(V), A),
    call("searchsorted", np.sort(N[0]), N, side="right"),
    call("digitize", A, np.array([-1.0, 0.0, 1.0])),
    call("digitize", A, np.array([1.0, 0.0]), right=True),
    call("isin", N, np.array([1, 2])),
    call("unique", N, batchable=False),
    call("median", A),
    call("median", A, axis=1),
    call("median", C, axis=(0, 2), keepdims=True),
    *[
        call("quantile", A, 0.3, axis=1, method=m, batchable=False)
        for m in words(
            "linear lower higher midpoint nearest hazen weibull median_unbiased normal_unbiased "
            "inverted_cdf averaged_inverted_cdf closest_observation interpolated_inverted_cdf"
        )
    ],
    call(
        "quantile",
        A,
        np.array([0.1, 0.5, 1.0]),
        axis=0,
        differentiable=False,
        keepdims=True,
    ),
    call("percentile", A, 25.0),
    call("percentile", A, 25),
    call("average", A, axis=1),
    call("average", A, axis=1, weights=positive(4)),
    call("average", A, weights=P, returned=True),
    call("cov", A),
    call("cov", A, rowvar=False),
    call("cov", V, W),
    call("cov", A, bias=True),
    call("cov", A, aweights=positive(4)),
    call("cov", A, fweights=integers(4, low=1), batchable=False),
    call("corrcoef", A),
    call("bincount", integers(6, low=0), minlength=3, batchable=False),
    call("bincount", integers(6, low=0), normal(6), batchable=False),
    call("histogram", A),
    call("histogram", A, bins=4, range=(-1, 1)),
    call("histogram", V, bins=np.array([-1.0, 0.0, 2.0])),
    call("histogram", A, density=True),
    *[
        call(n, V, normal(3), mode=m)
        for n in ("convolve", "correlate")
        for m in ("full", "same", "valid")
    ],
    call("correlate", normal(2), V, mode="same"),
    call("correlate", normal(50), normal(40), mode="same"),
    call("convolve", normal(50), normal(40), mode="full"),
    call("convolve", N[0], integers(3)),
]

CALCULUS = [
    call("diff", A),
    call("diff", A, n=2, axis=0),
    call("diff", A, prepend=0.0),
    call("diff", booleans(4)),
    call("ediff1d", A),
    call("ediff1d", V, to_end=[1.0], to_begin=2.0),
    call("gradient", A),
    call("gradient", V, 0.5),
    call("gradient", A, np.array([0.0, 1.0, 3.0]), axis=0, differentiable=False),
    call("gradient", V, edge_order=2),
    call("trapezoid", A),
    call("trapezoid", A, V),
    call("trapezoid", A, dx=0.5, axis=0),
    call("interp", normal(5), np.sort(V), W),
    call("interp", normal(5), np.sort(V), W, left=0.0, right=1.0),
    call("interp", normal(5), np.sort(V), W, period=3.0),
    call("polyval", V, A),
    call("polyadd", V, normal(2)),
    call("polysub", V, normal(6)),
    call("polymul", V, normal(2)),
    call("polyder", V),
    call("polyder", V, 2),
    call("polyint", V),
    call("poly", V),
    call("polyfit", np.sort(V), W, 2, tolerance=1e-9),
    call("polyfit", np.sort(V), W, 1, w=positive(4), tolerance=1e-9),
    call("polyfit", np.arange(4.0), A.T, 1, tolerance=1e-9),
    call("polydiv", normal(5), normal(2), tolerance=1e-9),
    call("polydiv", normal(2), normal(3)),
    call("vander", V),
    call("vander", V, 3, increasing=True),
    call("meshgrid", V, normal(3)),
    call("meshgrid", V, normal(3), indexing="ij", sparse=True),
    call("linspace", V, W, 5),
    call("linspace", 0.5, 2.0, 4, endpoint=False),
    call("linspace", 0.5, 2.0, 4, retstep=True),
    call("linspace", 0, 9, 4, dtype=int, differentiable=False),
    call("logspace", 0.5, 2.0, 4),
    call("geomspace", 0.5, 2.0, 4),
    call("unwrap", 4 * V),
    call("sinc", A),
    call("i0", A),
    call("nan_to_num", NAN),
    call(
        "nan_to_num", np.array([np.inf, -np.inf, 1.0]), posinf=3.0, differentiable=False
    ),
    call("clip", A, -0.5, 0.5),
    call("clip", A, None, V),
    call("clip", N, -1, 2),
    call("round", A, differentiable=False),
    call("round", A, 2, differentiable=False),
    call("round", N, -1),
    call("fix", 3 * A),
    call("real", complexes(3)),
    call("imag", complexes(3)),
    call("real", A),
    call("imag", A),
    call("angle", complexes(3)),
    call("angle", A, deg=True, differentiable=False),
    call("isreal", complexes(3)),
    call("iscomplex", A),
    call("isposinf", A),
    call("isneginf", A),
    call("isclose", A, A + 1e-9),
    call("allclose", A, A),
    call("array_equal", A, B),
    call("array_equiv", A, A),
    call("zeros_like", A),
    call("ones_like", N),
    call("full_like", A, 3),
    call("copy", A),
    call("copy", N),
    call("unique", N, batchable=False, return_index=True, return_counts=True),
    call("unique", N, batchable=False, return_inverse=True),
    call("unique_all", N, batchable=False),
    call("unique_counts", N, batchable=False),
    call("unique_inverse", N, batchable=False),
    call("unique_values", N, batchable=False),
    call("setxor1d", N, integers(3), batchable=False),
    call("trim_zeros", np.array([0, 1, 0, 2, 0]), batchable=False),
    call("union1d", N, integers(3), batchable=False),
    call("setdiff1d", N, integers(3), batchable=False),
    call("intersect1d", N, integers(3), batchable=False),
]

SQUARE = normal(4, 4) + 4 * np.eye(4)
STACK = normal(2, 3, 3) + 3 * np.eye(3)
DEFINITE = SQUARE @ SQUARE.T


def symmetric(np, x):
    """A symmetric matrix, smooth in its argument."""
    return x + np.swapaxes(x, -1, -2)


COUNTS = [
    call("histogramdd", normal(12, 2), bins=[3, 4], differentiable=False),
    call(
        "histogramdd",
        normal(12, 3),
        bins=2,
        range=[(-1, 1), (-2, 1), (-1, 2)],
        density=True,
        differentiable=False,
    ),
    call("histogram2d", normal(12), normal(12), bins=3, differentiable=False),
    call(
        "histogram2d",
        normal(9),
        normal(9),
        np.array([-1.0, 0, 2]),
        differentiable=False,
    ),
    expression(
        "weights of histogram2d",
        lambda np, w: np.histogram2d(SPREAD, SPREAD, bins=2, weights=w)[0],
        normal(4),
    ),
    *[
        call("packbits", booleans(3, 11), axis=axis, bitorder=order)
        for axis in (None, 0, 1)
        for order in ("big", "little")
    ],
    call("packbits", N),
    *[
        call("unpackbits", integers(2, 3, low=0, high=256, dtype=np.uint8), **options)
        for options in [
            {},
            {"axis": 0},
            {"axis": 1, "bitorder": "little"},
            {"axis": 1, "count": 11},
            {"axis": 1, "count": 30},
            {"count": -3},
        ]
    ],
    call("ix_", V, W),
    call("ix_", integers(3), booleans(4), batchable=False, differentiable=False),
    *[
        expression(
            f"{name} indices", lambda np, x, n=name: x[getattr(np, n)(x)], A[:, :3]
        )
        for name in words("diag_indices_from tril_indices_from triu_indices_from")
    ],
    call("amax", A, axis=0),
    call("amin", A),
    call("around", A, 1, differentiable=False),
    call("partition", V, 2),
    call("sort_complex", complexes(4)),
    call("real_if_close", V),
    call("histogram_bin_edges", V, 3),
]

LINALG = [
    call("linalg.solve", SQUARE, normal(4)),
    call("linalg.solve", SQUARE, normal(4, 2)),
    call("linalg.solve", STACK, normal(3, 2)),
    call("linalg.solve", integers(3, 3) + 9 * np.eye(3, dtype=int), normal(3)),
    call("linalg.inv", SQUARE),
    call("linalg.inv", STACK),
    *[call("linalg.det", normal(n, n)) for n in (1, 2, 3, 4)],
    call("linalg.det", STACK),
    call("linalg.slogdet", SQUARE),
    call("linalg.slogdet", STACK),
    call("linalg.cholesky", DEFINITE, differentiable=False),
    expression("cholesky", lambda np, x: np.linalg.cholesky(x @ x.T), SQUARE),
    expression(
        "cholesky upper", lambda np, x: np.linalg.cholesky(x @ x.T, upper=True), SQUARE
    ),
    expression("eigvalsh", lambda np, x: np.linalg.eigvalsh(symmetric(np, x)), SQUARE),
    expression("eigh", lambda np, x: np.linalg.eigh(symmetric(np, x))[0], STACK),
    expression(
        "eigh vectors",
        lambda np, x: np.abs(np.linalg.eigh(symmetric(np, x)).eigenvectors),
        SQUARE,
        tolerance=1e-9,
    ),
    expression(
        "qr", lambda np, x: [np.abs(y) for y in np.linalg.qr(x)], A.T, tolerance=1e-11
    ),
    expression("qr r", lambda np, x: np.abs(np.linalg.qr(x, mode="r")), SQUARE),
    call("linalg.svdvals", A),
    call("linalg.svd", A, compute_uv=False),
    expression(
        "svd",
        lambda np, x: [np.abs(y) for y in np.linalg.svd(x, full_matrices=False)],
        A,
        tolerance=1e-10,
    ),
    call("linalg.pinv", A, tolerance=1e-11),
    call("linalg.pinv", C, tolerance=1e-11),
    call("linalg.lstsq", A.T, normal(4), tolerance=1e-10),
    call("linalg.lstsq", A, normal(3, 2), tolerance=1e-10),
    call("linalg.matrix_rank", A),
    call("linalg.matrix_power", SQUARE, 3),
    call("linalg.matrix_power", SQUARE, -2),
    call("linalg.matrix_power", STACK, 0),
    call("linalg.matrix_power", integers(3, 3), 2),
    call("linalg.tensorinv", normal(4, 6, 8, 3), differentiable=False, tolerance=1e-8),
    call("linalg.tensorsolve", normal(2, 3, 6), normal(2, 3), tolerance=1e-9),
    call("linalg.norm", V),
    call("linalg.norm", A),
    call("linalg.norm", C),
    call("linalg.norm", N),
    call("linalg.norm", complexes(3)),
    *[call("linalg.norm", V, ord=p) for p in (1, 2, 3, 0, np.inf, -np.inf, 0.5)],
    *[call("linalg.norm", A, ord=p) for p in (1, -1, 2, -2, np.inf, "fro", "nuc")],
    call("linalg.norm", C, axis=1),
    call("linalg.norm", C, axis=(0, 2), keepdims=True),
    call("linalg.norm", C, ord=1, axis=(1, 2)),
    call("linalg.vector_norm", C, axis=(0, 1)),
    call("linalg.matrix_norm", C),
    call("linalg.cond", SQUARE),
    call("linalg.cond", SQUARE, p=1),
    call("linalg.trace", C),
    call("linalg.diagonal", C, offset=1),
    call("linalg.cross", normal(5, 3), normal(5, 3)),
    call("linalg.outer", V, W),
    call("linalg.vecdot", A, B),
    call("linalg.matmul", A, A.T),
    call("linalg.tensordot", A, A.T, axes=1),
    call("linalg.matrix_transpose", C),
]

CALLS = (
    UNARY
    + BINARY
    + REDUCTIONS
    + SHAPE
    + INDEXING
    + PRODUCTS
    + SORTING
    + CALCULUS
    + COUNTS
    + LINALG
)
