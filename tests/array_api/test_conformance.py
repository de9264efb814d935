"""funcgrad.numpy against array-api-strict, the standard's own implementation."""

import inspect

import array_api_strict as strict
import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from tests.array_api.cases import CASES, DTYPES, Definite, Entries

VERSION = "2024.12"
# Of the standard's implementation, not of the standard.
ITS_OWN = {
    "__version__",
    "ArrayAPIStrictFlags",
    "Device",
    "get_array_api_strict_flags",
    "reset_array_api_strict_flags",
    "set_array_api_strict_flags",
}

LATER = {"broadcast_shapes", "isin"}  # of the version 2025.12


@pytest.fixture(autouse=True)
def _version():
    with strict.ArrayAPIStrictFlags(api_version=VERSION), np.errstate(all="ignore"):
        yield


def resolve(namespace, name):
    """A function by its name within the namespace, such as ``linalg.inv``."""
    for part in name.split("."):
        namespace = getattr(namespace, part)
    return namespace


def extensions():
    yield "", strict
    yield "linalg.", strict.linalg
    yield "fft.", strict.fft


NAMES = sorted(
    f"{prefix}{name}"
    for prefix, module in extensions()
    for name in module.__all__
    if name not in ITS_OWN and name not in LATER
)
FUNCTIONS = [
    name
    for name in NAMES
    if callable(resolve(strict, name)) and not inspect.isclass(resolve(strict, name))
]
ASKED = [
    "__array_namespace_info__",
    *"can_cast finfo iinfo isdtype result_type astype".split(),
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_exists(name):
    *path, last = name.split(".")
    assert hasattr(resolve(fnp, ".".join(path)) if path else fnp, last)


def test_every_function_is_run():
    assert sorted(set(FUNCTIONS) - {c.name for c in CASES} - set(ASKED)) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_parameters_are_accepted(name):
    """Those that have to be given by place, by place; the others by their names."""
    wanted = inspect.signature(resolve(strict, name)).parameters.values()
    ours = resolve(fnp, name)
    signature = inspect.signature(ours)
    by_place = [p for p in wanted if p.kind == p.POSITIONAL_ONLY]
    by_name = [p for p in wanted if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
    signature.bind(*[None] * len(by_place), **{p.name: None for p in by_name})
    positional = [p for p in wanted if p.kind == p.POSITIONAL_OR_KEYWORD]
    signature.bind(*[None] * (len(by_place) + len(positional)))


def place(x, dtype, convert):
    """The argument in a dtype, as an array of a namespace."""
    if isinstance(x, Entries | Definite):
        return convert(x.of(dtype))
    if isinstance(x, list):
        return [place(item, dtype, convert) for item in x]
    return convert(x) if isinstance(x, np.ndarray) else x


def run(case, namespace, args, dtype):
    convert = namespace.asarray
    kwargs = {k: place(x, dtype, convert) for k, x in case.kwargs.items()}
    results = resolve(namespace, case.name)(*args, **kwargs)
    results = list(results) if isinstance(results, list | tuple) else [results]
    if case.after is None:
        return results
    return case.after(results if len(results) > 1 else results[0])


def expected(case):
    """The dtypes that the standard's implementation takes, with its results."""
    for dtype in DTYPES if any(map(is_entries, case.args)) else DTYPES[:1]:
        try:
            args = [place(x, dtype, strict.asarray) for x in case.args]
            results = run(case, strict, args, dtype)
        except TypeError:
            continue
        yield dtype, [getattr(x, "_array", x) for x in results]


def is_entries(x):
    return isinstance(x, Entries | Definite) or (
        isinstance(x, list) and any(map(is_entries, x))
    )


def assert_same(got, want):
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        g, w = np.asarray(g), np.asarray(w)
        assert g.dtype == w.dtype
        assert g.shape == w.shape
        single = w.dtype in (np.float32, np.complex64)
        rtol, atol = (2e-5, 2e-5) if single else (1e-11, 1e-12)
        np.testing.assert_allclose(g, w, rtol=rtol, atol=atol)


@pytest.mark.parametrize("case", CASES, ids=[c.id for c in CASES])
def test_results(case):
    """On arrays for each dtype, and on traced values in one program for all dtypes."""
    table = list(expected(case))
    assert table
    inputs = [[place(x, dtype, fnp.asarray) for x in case.args] for dtype, _ in table]
    for args, (dtype, want) in zip(inputs, table, strict=True):
        assert_same(run(case, fnp, args, dtype), want)
    if not case.traced:
        return

    def program(inputs):
        return [
            run(case, fnp, [s if x is None else x for x, s in zip(args, fixed)], dtype)
            for args, fixed, (dtype, _) in zip(inputs, constants, table)
        ]

    def is_traced(x):
        return isinstance(x, np.ndarray | list)

    constants = [[None if is_traced(x) else x for x in args] for args in inputs]
    arrays = [[x if is_traced(x) else None for x in args] for args in inputs]
    for got, (_, want) in zip(fg.jit(program)(arrays), table, strict=True):
        assert_same(got, want)


def standard(dtype):
    """The dtype as the standard's implementation has it."""
    return getattr(strict, dtype.name)


PAIRS = [(a, b) for a in DTYPES for b in DTYPES]


def test_promotion():
    """Each pair of dtypes that the standard promotes, asked for and added up."""
    pairs, wanted = [], []
    for a, b in PAIRS:
        try:
            wanted.append(strict.result_type(standard(a), standard(b))._np_dtype.name)
        except TypeError:
            continue
        pairs.append((a, b))
    got = [fnp.result_type(a, b) for a, b in pairs]
    assert [dtype.name for dtype in got] == wanted
    arrays = [(np.ones(2, a), np.ones(2, b)) for a, b in pairs]
    added = fg.jit(lambda xs: [fnp.multiply(x, y) for x, y in xs])(arrays)
    assert [x.dtype.name for x in added] == wanted


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_conversion(dtype):
    x = np.array([[0, 1, 2], [3, 5, 100]]).astype(dtype)
    targets = [t for t in DTYPES if not (dtype.kind == "c" and t.kind != "c")]
    converted = fg.jit(lambda x: [fnp.astype(x, t) for t in targets])(x)
    for target, y in zip(targets, converted, strict=True):
        want = strict.astype(strict.asarray(x), standard(target))._array
        assert_same([y, fnp.astype(fnp.asarray(x), target, copy=False)], [want, want])
        assert fnp.can_cast(dtype, target) == np.can_cast(dtype, target)


KINDS = [
    *"bool integral numeric".split(),
    "signed integer",
    "unsigned integer",
    "real floating",
    "complex floating",
    ("integral", "bool"),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_kinds(kind):
    for dtype in DTYPES:
        want = strict.isdtype(standard(dtype), kind)
        assert fnp.isdtype(dtype, kind) == want
        assert fnp.isdtype(getattr(fnp, dtype.name), kind) == want
    assert not fnp.isdtype(np.dtype(np.float32), fnp.float64)
    names = strict.__array_namespace_info__().dtypes(kind=kind)
    assert fnp.__array_namespace_info__().dtypes(kind=kind).keys() == names.keys()


def test_limits():
    for dtype in DTYPES:
        if dtype.kind in "iu":
            ours, theirs = fnp.iinfo(dtype), strict.iinfo(standard(dtype))
            fields = "bits max min".split()
        elif dtype.kind in "fc":
            ours, theirs = fnp.finfo(dtype), strict.finfo(standard(dtype))
            fields = "bits eps max min smallest_normal".split()
        else:
            continue
        for name in fields:
            assert getattr(ours, name) == getattr(theirs, name)


def test_the_namespace_describes_itself():
    info = fnp.__array_namespace_info__()
    assert fnp.__array_api_version__ == VERSION
    assert info.devices() == [info.default_device()] == ["cpu"]
    kinds = strict.__array_namespace_info__().default_dtypes()
    names = {k: dtype._np_dtype.name for k, dtype in kinds.items()}
    assert {k: dtype.name for k, dtype in info.default_dtypes().items()} == names
    assert info.capabilities() == {
        "boolean indexing": False,
        "data-dependent shapes": False,
        "max dimensions": 64,
    }


def test_arrays_name_their_namespace():
    def f(x):
        assert x.__array_namespace__(api_version=VERSION) is fnp
        assert x.device == "cpu"
        assert x.to_device("cpu") is x
        assert x.mT.shape == x.T.shape == (3, 2)
        assert (x.dtype, x.ndim, x.shape, x.size) == (np.float64, 2, (2, 3), 6)
        with pytest.raises(ValueError, match=r"2024\.12"):
            x.__array_namespace__(api_version="1999.12")
        with pytest.raises(ValueError, match="cpu"):
            x.to_device("gpu")
        return x

    assert type(f(fnp.ones((2, 3)))) is type(fnp.ones(3))
    fg.jit(f)(fnp.ones((2, 3)))


OPERATORS = (
    "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift "
    "lt le gt ge eq ne"
).split()


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name):
    operator = f"__{name}__"
    table = []
    for dtype in DTYPES:
        x = np.array([[3, 2], [1, 2]]).astype(dtype)
        y = np.array([[1, 2], [2, 1]]).astype(dtype)
        try:
            want = getattr(strict.asarray(x), operator)(strict.asarray(y))
        except TypeError:
            continue
        table.append((x, y, want._array))
    got = fg.jit(lambda xs: [getattr(x, operator)(y) for x, y in xs])(
        [(x, y) for x, y, _ in table]
    )
    plain = [getattr(fnp.asarray(x), operator)(y) for x, y, _ in table]
    wanted = [want for *_, want in table]
    assert_same(got, wanted)
    assert_same(plain, wanted)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", ["matmul", "matvec", "vecmat", "vecdot"])
def test_axes_of_products(name, axis):
    rng = np.random.default_rng(0)
    square, row = rng.normal(size=(3, 3, 3)), rng.normal(size=(3, 3))
    core = getattr(np, name).signature.split("->")[0]
    matrix = (axis, 2)
    operands, axes = [], []
    for group in core.strip("()").split("),("):
        is_matrix = "," in group
        operands.append(square if is_matrix else row)
        axes.append(matrix if is_matrix else (axis,))
    result = {"matmul": matrix, "vecdot": ()}.get(name, (axis,))
    function = getattr(fnp, name)
    want = getattr(np, name)(*operands, axes=[*axes, result])
    got = fg.jit(lambda *xs: function(*xs, axes=[*axes, result]))(*operands)
    np.testing.assert_allclose(got, want)
    if name == "vecdot":
        want = np.vecdot(*operands, axis=axis, keepdims=True)
        got = fg.jit(lambda *xs: np.vecdot(*xs, axis=axis, keepdims=True))(*operands)
        np.testing.assert_allclose(got, want)


@pytest.mark.parametrize("axis", [0, -1, None])
def test_descending_order(axis):
    x = np.random.default_rng(1).integers(0, 4, size=(5, 40)).astype(float)
    flat, along = (x.ravel(), 0) if axis is None else (x, axis)
    want = strict.argsort(strict.asarray(flat), axis=along, descending=True)._array
    for wrap in (lambda f: f, fg.jit):
        places = wrap(lambda x: fnp.argsort(x, axis, descending=True))(x)
        np.testing.assert_array_equal(places, want)
        values = wrap(lambda x: fnp.sort(x, axis, descending=True))(x)
        np.testing.assert_array_equal(values, np.take_along_axis(flat, want, along))
