"""jit: caching, static arguments, dtypes, escapes, inspection, settings."""

import dataclasses
import threading

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors


def counted(f):
    calls = []

    def g(*args, **kwargs):
        calls.append(args)
        return f(*args, **kwargs)

    return g, calls


def test_traces_once_for_each_signature():
    f, calls = counted(lambda x: x * 2)
    g = fg.jit(f)
    for x in (np.ones(3), np.zeros(3), np.ones(4), np.ones(3, np.float32), 1.0, 2.0, 1):
        np.testing.assert_array_equal(g(x), np.asarray(x) * 2)
    assert len(calls) == 5
    info = g.cache_info()
    assert (info.misses, info.currsize) == (5, 5)
    g.clear_cache()
    assert g.cache_info() == (0, 0, None, 0)
    g(1.0)
    g.clear_cache()
    g(1.0)
    assert len(calls) == 7
    assert g.cache_info() == (0, 1, None, 1)


def test_traces_anew_for_another_structure():
    f, calls = counted(lambda p: sum(p.values()) if isinstance(p, dict) else p[0])
    g = fg.jit(f)
    assert g({"a": 1.0, "b": 2.0}) == 3.0
    assert g({"b": 2.0, "a": 5.0}) == 7.0
    assert g((1.0, 2.0)) == 1.0
    assert g([1.0, 2.0]) == 1.0
    assert len(calls) == 3


@pytest.mark.parametrize("order", ["C", "F"])
def test_layouts(order):
    x = np.asarray(np.arange(6.0).reshape(2, 3), order=order)
    g = fg.jit(lambda x: x * 2)
    np.testing.assert_array_equal(g(x), x * 2)
    np.testing.assert_array_equal(g(x[::-1, ::2]), x[::-1, ::2] * 2)
    np.testing.assert_array_equal(g(x.astype(">f8")), x * 2)


def test_dtypes_are_those_of_numpy():
    g = fg.jit(lambda x: x * 2)
    for x in (True, 3, 3.0, 3j):
        assert g(x).dtype == (np.asarray(x) * 2).dtype
    for dtype in (np.int8, np.uint16, np.float32, np.complex64):
        assert g(np.ones(2, dtype)).dtype == dtype
    assert fg.jit(lambda x, y: x * y)(np.float32(2), 3.0).dtype == np.float32
    assert fg.jit(lambda x, y: x * y)(np.float32(2), np.float64(3)).dtype == np.float64


def test_results_are_arrays_of_their_own():
    x = np.ones(3)
    y = fg.jit(lambda x: x)(x)
    y[0] = 5.0
    assert x[0] == 1.0
    a, b = fg.jit(lambda x: (x + 1, x + 1))(x)
    a[0] = 7.0
    assert b[0] == 2.0


def test_constant_results():
    table = np.arange(3.0)
    got = fg.jit(lambda x: (table, 3, x))(1.0)
    np.testing.assert_array_equal(got[0], table)
    assert got[1:] == (3, 1.0)


def test_no_arguments_and_no_results():
    assert fg.jit(lambda: None)() is None
    np.testing.assert_array_equal(fg.jit(lambda: np.arange(3))(), [0, 1, 2])


def test_static_arguments():
    f, calls = counted(lambda x, n, mode="a": x * n if mode == "a" else x + n)
    g = fg.jit(f, static_argnums=1, static_argnames="mode")
    assert g(2.0, 3) == 6.0
    assert g(5.0, 3) == 15.0
    assert g(2.0, 4) == 8.0
    assert g(2.0, 4, mode="b") == 6.0
    assert len(calls) == 3


def test_static_by_name_or_position():
    def power(x, n):
        assert type(n) is int
        return x**n

    assert fg.jit(power, static_argnames="n")(2.0, 3) == 8.0
    assert fg.jit(power, static_argnames="n")(2.0, n=3) == 8.0
    assert fg.jit(power, static_argnums=1)(2.0, n=3) == 8.0
    assert fg.jit(power, static_argnums=-1)(2.0, 3) == 8.0


def test_static_values_of_equal_hash_are_told_apart():
    seen = []
    g = fg.jit(lambda n: seen.append(n), static_argnums=0)
    for value in (1, 1.0, True, 1):
        g(value)
    assert [type(s) for s in seen] == [int, float, bool]


def test_static_argument_has_to_be_hashable():
    with pytest.raises(errors.StaticArgumentError) as info:
        fg.jit(lambda x, axes: x, static_argnames="axes")(1.0, axes=[0, 1])
    assert "axes" in str(info.value)
    assert "tuple" in str(info.value)


def test_argument_that_is_not_an_array_is_named():
    def f(x, options):
        return x

    with pytest.raises(errors.UnsupportedDTypeError) as info:
        fg.jit(f)(1.0, {"mode": "fast"})
    assert "options['mode']" in str(info.value)
    assert "static_argnames" in str(info.value)


def test_decorator_forms():
    @fg.jit
    def f(x):
        """Twice."""
        return 2 * x

    @fg.jit(static_argnums=(1,))
    def g(x, n):
        return x * n

    assert (f(2.0), g(2.0, 3)) == (4.0, 6.0)
    assert f.__name__ == "f"
    assert f.__doc__ == "Twice."
    assert f.__wrapped__(2.0) == 4.0


def test_methods():
    @fg.tree_util.register_dataclass
    @dataclasses.dataclass
    class Line:
        slope: float

        @fg.jit
        def __call__(self, x):
            return self.slope * x

    assert Line(2.0)(3.0) == 6.0
    assert Line(5.0)(3.0) == 15.0


def test_donation_and_other_options_are_accepted():
    g = fg.jit(lambda x, y: x + y, donate_argnums=0, keep_unused=True, inline=True)
    assert g(1.0, 2.0) == 3.0


def test_jit_in_jit_stands_as_a_call():
    inner = fg.jit(np.sin)
    text = str(fg.make_jaxpr(lambda x: inner(x) * 2)(1.0))
    assert "jit[" in text
    assert "name=sin" in text


def test_closed_over_tracers_are_not_kept():
    inner_calls = []

    @fg.jit
    def inner(y):
        inner_calls.append(1)
        return y * holder[0]

    holder = [None]

    def outer(x):
        holder[0] = x
        return inner(2.0)

    assert fg.grad(outer)(3.0) == 2.0
    assert fg.grad(outer)(4.0) == 2.0
    assert fg.jit(outer)(5.0) == 10.0
    holder[0] = 7.0
    assert inner(2.0) == 14.0


def test_value_that_escapes_is_reported():
    kept = []
    fg.jit(lambda x: kept.append(x))(1.0)
    with pytest.raises(errors.UnexpectedTracerError):
        kept[0] + 1.0


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (lambda x: x if x > 0 else -x, errors.TracerBoolConversionError),
        (lambda x: [1, 2][x], errors.TracerIntegerConversionError),
        (lambda x: float(x), errors.ConcretizationTypeError),
        (lambda x: np.asarray(x), errors.TracerArrayConversionError),
    ],
)
def test_values_are_not_known_while_tracing(function, error):
    with pytest.raises(error) as info:
        fg.jit(function)(1)
    assert "x" in str(info.value)
    assert "test_jit.py" in str(info.value)


def test_lower_and_compile():
    g = fg.jit(lambda x, y: {"sum": x + y})
    lowered = g.lower(np.ones(3), 2.0)
    assert "add" in lowered.as_text()
    assert lowered.jaxpr.in_avals[0].shape == (3,)
    assert lowered.out_info == {"sum": fg.ShapeDtypeStruct((3,), np.float64)}
    compiled = lowered.compile()
    np.testing.assert_array_equal(compiled(np.ones(3), 2.0)["sum"], np.full(3, 3.0))
    with pytest.raises(errors.ShapeError, match="other types"):
        compiled(np.ones(4), 2.0)
    abstract = g.lower(fg.ShapeDtypeStruct((3,), np.float64), 2.0)
    assert abstract.out_info == lowered.out_info
    assert g.eval_shape(np.ones(3), 2.0) == lowered.out_info


def test_disable_jit():
    seen = []

    @fg.jit
    def f(x):
        seen.append(float(x))
        return x + 1

    with fg.disable_jit():
        assert f(2.0) == 3.0
        assert f(2.0) == 3.0
    assert seen == [2.0, 2.0]


def test_threads_share_a_function():
    g = fg.jit(lambda x: np.sum(np.sin(x) * x))
    xs = [np.linspace(0, k, 50) for k in range(1, 9)]
    got = [None] * 8

    def work(k):
        for _ in range(20):
            got[k] = g(xs[k])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    np.testing.assert_allclose(got, [np.sum(np.sin(x) * x) for x in xs])


def test_debug_nans_names_the_line():
    @fg.jit
    def f(x):
        y = np.log(x)
        return y * 2.0

    with fg.debug_nans(), pytest.raises(errors.NonFiniteError) as info:
        f(np.float64(-1.0))
    assert "`log` gives NaN" in str(info.value)
    assert "y = np.log(x)" in str(info.value)
    assert np.isnan(f(np.float64(-1.0)))


def test_debug_nans_without_jit():
    def f(x):
        return fg.lax.log(x) * 2.0

    raises = pytest.raises(errors.NonFiniteError, match="log")
    with fg.debug_nans(), np.errstate(all="ignore"), raises:
        fg.grad(f)(np.float64(-1.0))


def test_debug_infs_in_a_loop():
    def f(x):
        return fg.lax.fori_loop(0, 20, lambda i, c: c * c, x)

    with fg.debug_infs(), pytest.raises(errors.NonFiniteError, match="infinity"):
        fg.jit(f)(10.0)
