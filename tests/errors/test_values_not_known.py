"""Uses of a traced value that need its number, and writes of it into arrays."""

import math

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad import errors, lax
from tests.errors.mistakes import reports

X = np.ones(3)


def branches(x):
    if x.sum() > 0:
        return x
    return -x


def loops(x):
    while x.sum() > 0:
        x = x - 1
    return x


def negates(x):
    return x if not x.sum() else -x


def joins(x):
    return x.sum() > 0 and x


def takes_float(x):
    return x * float(x.sum())


def takes_int(x):
    return x * int(x.sum())


def takes_complex(x):
    return x * complex(x.sum()).real


def uses_math(x):
    return x * math.sin(x.sum())


def counts(x):
    return [x for _ in range(x.sum().astype(int))]


def picks_from_list(x):
    return x * [1.0, 2.0, 3.0, 4.0][x.sum().astype(int)]


def slices(x):
    return x[: x.sum().astype(int)]


def shapes(x):
    return fnp.zeros(x.sum().astype(int))


def converts(x):
    return np.asarray(x)


def items(x):
    return x * x.sum().item()


def lists(x):
    return x * x.tolist()[0]


def masks(x):
    return x[x > 0]


def leaves_numpy(x):
    return np.may_share_memory(x, x)


USES = [
    (branches, errors.TracerBoolConversionError, "funcgrad.lax.cond"),
    (loops, errors.TracerBoolConversionError, "funcgrad.lax.while_loop"),
    (negates, errors.TracerBoolConversionError, "funcgrad.numpy.where"),
    (joins, errors.TracerBoolConversionError, "expected:  a Python bool"),
    (takes_float, errors.ConcretizationTypeError, "leave float() out"),
    (takes_int, errors.ConcretizationTypeError, "x.astype(int)"),
    (takes_complex, errors.ConcretizationTypeError, "x.astype(complex)"),
    (uses_math, errors.ConcretizationTypeError, "np.sin"),
    (counts, errors.TracerIntegerConversionError, "funcgrad.lax.fori_loop"),
    (picks_from_list, errors.TracerIntegerConversionError, "instead of the list"),
    (slices, errors.TracerIntegerConversionError, "expected:  a Python int"),
    (shapes, errors.TracerIntegerConversionError, "static_argnames"),
    (converts, errors.TracerArrayConversionError, "funcgrad.pure_callback"),
    (items, errors.ConcretizationTypeError, "leave .item() out"),
    (lists, errors.ConcretizationTypeError, "expected:  a Python list"),
    (masks, errors.NonConcreteBooleanIndexError, "funcgrad.numpy.where(mask, x, 0)"),
    (leaves_numpy, errors.TracerArrayConversionError, "leave it out"),
]
WRAPPERS = {
    "jit": fg.jit,
    "vmap": lambda f: lambda x: fg.vmap(f)(np.stack([x, x])),
    "scan": lambda f: lambda x: lax.scan(lambda c, _: (f(c), None), x, length=2),
    "jit of grad": lambda f: fg.jit(fg.grad(lambda x: fnp.sum(f(x)))),
    "make_jaxpr": fg.make_jaxpr,
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize(
    ("use", "cls", "cure"), USES, ids=[u[0].__name__ for u in USES]
)
def test_the_value_is_not_known(wrapper, use, cls, cure):
    with reports(cls, "got:  ", cure, function=use.__name__):
        WRAPPERS[wrapper](use)(X)


def test_the_argument_is_named():
    def f(weights):
        return float(weights["a"]) * 2.0

    with reports(errors.ConcretizationTypeError, "weights['a'] of `"):
        fg.jit(f)({"a": 1.0})


def test_values_are_known_under_grad_alone():
    assert fg.grad(lambda x: branches(x).sum())(X).tolist() == [1.0] * 3
    assert fg.grad(lambda x: sum(counts(x)).sum())(X).tolist() == [3.0] * 3


def fills_one(x):
    y = np.zeros(3)
    y[0] = x.sum()
    return y


def fills_all(x):
    y = np.zeros(3)
    y[:] = x
    return y


def fills_at_traced_place(x):
    y = np.zeros(3)
    y[x.astype(int)] = 1.0
    return y


def adds_in_place(x):
    y = np.zeros(3)
    y += x
    return y


def gives_out(x):
    return np.sin(x, out=np.zeros(3))


def reduces_into(x):
    return np.sum(x, out=np.zeros(()))


def adds_at(x):
    y = np.zeros(3)
    np.add.at(y, [0], x[0])
    return y


def copies_into(x):
    y = np.zeros(3)
    np.copyto(y, x)
    return y


def assigns(x):
    x[0] = 1.0
    return x


WRITES = [
    (fills_one, ".at[index].set(value)"),
    (fills_all, ".at[index].set(value)"),
    (fills_at_traced_place, ".at[index].set(value)"),
    (adds_in_place, "a = a + x"),
    (gives_out, "a = a + x"),
    (reduces_into, "a = a + x"),
    (adds_at, ""),
    (copies_into, "x.at[index].set(value)"),
    (assigns, "x = x.at[index].set(value)"),
]
WRITERS = {**WRAPPERS, "grad": lambda f: fg.grad(lambda x: fnp.sum(f(x)))}


@pytest.mark.parametrize("wrapper", WRITERS)
@pytest.mark.parametrize(("write", "cure"), WRITES, ids=[w[0].__name__ for w in WRITES])
def test_nothing_is_written_in_place(wrapper, write, cure):
    if wrapper == "grad" and write is fills_at_traced_place:
        return  # the place is known, and has no derivative that could be lost
    with reports(errors.InPlaceUpdateError, cure, function=write.__name__):
        WRITERS[wrapper](write)(X)


KEEPERS = {
    "jit": lambda keep: fg.jit(keep)(1.0),
    "grad": lambda keep: fg.grad(keep)(1.0),
    "vmap": lambda keep: fg.vmap(keep)(np.ones(2)),
    "scan": lambda keep: lax.scan(lambda c, x: (keep(c), x), 0.0, X),
    "jvp": lambda keep: fg.jvp(keep, (1.0,), (1.0,)),
}
READERS = {
    "add": lambda x: x + 1.0,
    "numpy": np.sin,
    "jit": lambda x: fg.jit(lambda y: x * y)(2.0),
    "grad": lambda x: fg.grad(lambda y: x * y)(2.0),
    "argument": lambda x: fg.jit(lambda y: y)(x),
    "stack": lambda x: fnp.stack([x, x]),
}


@pytest.mark.parametrize("keeper", KEEPERS)
@pytest.mark.parametrize("reader", READERS)
def test_a_traced_value_does_not_outlive_its_transform(keeper, reader):
    kept = []

    def keep(x):
        kept.append(x)
        return x

    KEEPERS[keeper](keep)
    with reports(errors.UnexpectedTracerError, "float64[]", "return the value"):
        READERS[reader](kept[0])


def test_a_value_that_was_never_known_is_not_asked_for_later():
    kept = []
    fg.jit(lambda x: (kept.append(x), x)[1])(1.0)
    for use in (bool, float, int):
        with reports(errors.UnexpectedTracerError):
            use(kept[0])


def test_arrays_take_traced_indices():
    table = fnp.asarray([10.0, 20.0, 30.0])
    assert fg.jit(lambda i: table[i])(1) == 20.0
    assert fg.vmap(lambda i: table[i])(np.array([2, 0])).tolist() == [30.0, 10.0]
    with reports(errors.TracerArrayConversionError, "funcgrad.numpy.asarray(a)[i]"):
        fg.jit(lambda i: np.ones(3)[i])(1)


@pytest.mark.parametrize("value", [[1], {}, np.ones(2), {1}])
def test_static_arguments_are_hashable(value):
    f = fg.jit(lambda x, n: x, static_argnums=1)
    with reports(errors.StaticArgumentError, f"got:       {type(value).__name__}"):
        f(1.0, value)
    g = fg.jit(lambda x, n: x, static_argnames="n")
    with reports(errors.StaticArgumentError, "static n of", "tuple(...)"):
        g(1.0, n=value)


@pytest.mark.parametrize("options", [{"static_argnums": 2}, {"static_argnames": "m"}])
def test_static_arguments_exist(options):
    with reports(errors.StaticArgumentError, "expected:  one of x, n"):
        fg.jit(lambda x, n: x, **options)


def test_a_traced_value_is_no_key():
    with pytest.raises(TypeError, match="unhashable type") as caught:
        fg.jit(lambda x: {x: 1})(1.0)
    assert "test_values_not_known.py:" in str(caught.value)
    assert "traced value of float64[]" in str(caught.value)
