"""jit's fastmath: exact by default, what a flag allows, and for whom it holds."""

from functools import partial

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.numpy as fnp
from funcgrad.config import config, override
from funcgrad.settings import FASTMATH, fastmath_flags

NEAR = 1.0 + 2.0**-30
PRODUCT = np.float64(NEAR) * NEAR - 1.0
"""``NEAR * NEAR - 1`` with the product rounded, as NumPy does it."""
EXACT = 2.0**-29 + 2.0**-60
"""The same, rounded once."""


def multiply_add(a, b, c):
    return a * b + c


def has_fma():
    """Whether this processor fuses at all; where none does, flags change nothing."""
    fused = fg.jit(multiply_add, fastmath={"contract"})
    return fused(NEAR, NEAR, -1.0) == EXACT


needs_fma = pytest.mark.skipif(not has_fma(), reason="no fused multiply-add here")


def flags_in(function, *args):
    """The flags of the additions and multiplications in a compiled function's text."""
    text = function.lower(*args).as_text("llvm")
    lines = [line.split(" = f")[1] for line in text.splitlines() if " = f" in line]
    kept = [line.split() for line in lines if line[:3] in ("add", "mul", "div", "sub")]
    return {" ".join(w for w in line if w in (*FASTMATH, "fast")) for line in kept}


@pytest.fixture
def setting():
    yield partial(config.update, "fastmath")
    config.update("fastmath", False)


# --- what it computes


def test_exact_by_default():
    assert fg.jit(multiply_add)(NEAR, NEAR, -1.0) == PRODUCT
    assert fg.jit(multiply_add, fastmath=False)(NEAR, NEAR, -1.0) == PRODUCT
    assert flags_in(fg.jit(multiply_add), 1.0, 2.0, 3.0) == {""}


@needs_fma
@pytest.mark.parametrize("allowed", [True, {"contract"}, "contract", ["contract"]])
def test_contract_rounds_once(allowed):
    assert fg.jit(multiply_add, fastmath=allowed)(NEAR, NEAR, -1.0) == EXACT


@needs_fma
@pytest.mark.parametrize("size", [1, 3, 16, 17, 1000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_of_all_sizes_are_contracted(size, dtype):
    bits = 30 if dtype == "float64" else 14
    x = np.full(size, 1.0 + 2.0**-bits, dtype)
    found = fg.jit(lambda x: x * x - 1, fastmath={"contract"})(x)
    assert found.dtype == dtype
    wanted = np.full(size, 2.0 ** (1 - bits) + 2.0 ** (-2 * bits), dtype)
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("allowed", [*({flag} for flag in FASTMATH), True])
def test_results_are_close_with_every_flag(allowed):
    def f(x, y):
        z = fnp.tanh(x / y) * fnp.exp(-x) + fnp.sqrt(y) / 3.0
        return fnp.sum(z / (1.0 + z * z), axis=-1), fnp.where(x > y, x, y) @ z.T

    rng = np.random.default_rng(0)
    x, y = rng.uniform(0.5, 2.0, size=(2, 7, 33))
    for found, wanted in zip(fg.jit(f, fastmath=allowed)(x, y), f(x, y), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_functions_keep_their_accuracy_and_their_nan():
    x = np.array([-1.0, 0.0, 1e-300, 1.0, 700.0, np.nan])
    f = lambda x: (fnp.log1p(x), fnp.exp(x), fnp.logaddexp(x, 0.0), fnp.hypot(x, 3.0))
    for found, wanted in zip(fg.jit(f, fastmath=True)(x), fg.jit(f)(x), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert fg.jit(fnp.isnan, fastmath=True)(x).tolist() == [False] * 5 + [True]


def test_complex_numbers():
    x = np.array([1.0 + 2.0j, -3.0 + 0.5j])
    f = lambda x: x * x / (x + 1.0) - x
    np.testing.assert_allclose(fg.jit(f, fastmath=True)(x), f(x), rtol=1e-14)


def test_a_repeated_nest_is_still_one_function():
    def f(x):
        for _ in range(6):
            x = fnp.tanh(x @ x) * 0.5 + x
        return x

    texts = [
        fg.jit(f, fastmath=flags).lower(np.ones((40, 40))).as_text("llvm")
        for flags in (False, {"contract", "arcp"})
    ]
    counts = [text.count("define internal") for text in texts]
    assert counts[0] == counts[1] > 1


# --- for whom it holds


@needs_fma
def test_a_function_keeps_its_own_where_it_is_called():
    own = fg.jit(multiply_add, fastmath={"contract"})

    def f(a, b):
        return own(a, b, -1.0), multiply_add(a, a, -1.0)

    assert [float(x) for x in fg.jit(f)(NEAR, NEAR)] == [EXACT, PRODUCT]
    strict = fg.jit(multiply_add, fastmath=False)
    turned = fg.jit(lambda a, b: (strict(a, a, -1.0), a * b - 1.0), fastmath=True)
    assert [float(x) for x in turned(NEAR, NEAR)] == [PRODUCT, EXACT]
    assert own(NEAR, NEAR, -1.0) == EXACT
    assert fg.jit(own)(NEAR, NEAR, -1.0) == EXACT


@needs_fma
def test_without_its_own_a_function_follows_its_caller():
    inner = fg.jit(multiply_add)
    outer = fg.jit(lambda a: inner(a, a, -1.0), fastmath={"contract"})
    assert outer(NEAR) == EXACT
    assert inner(NEAR, NEAR, -1.0) == PRODUCT


@needs_fma
def test_derivatives_batches_and_loops_follow_the_function():
    f = fg.jit(lambda x: x * x * x - x, fastmath={"contract"})
    assert flags_in(fg.jit(fg.grad(f)), 2.0) == {"contract"}
    assert flags_in(fg.jit(fg.vmap(f)), np.ones(3)) == {"contract"}
    x = np.full(3, NEAR)
    g = fg.jit(lambda x: x * x - 1.0, fastmath={"contract"})
    np.testing.assert_array_equal(fg.vmap(g)(x), np.full(3, EXACT))
    np.testing.assert_array_equal(
        fg.jit(lambda x: fg.lax.map(g, x))(x), np.full(3, EXACT)
    )
    cube = fg.checkpoint(lambda x: g(x) * x)
    np.testing.assert_allclose(fg.grad(cube)(2.0), 11.0)
    np.testing.assert_allclose(fg.grad(fg.grad(fg.jit(cube)))(2.0), 12.0)


def test_large_arrays_between_functions_of_different_flags():
    inner = fg.jit(lambda x, y: (x * y + x, x - y), fastmath={"contract", "reassoc"})

    def f(x):
        first, second = inner(fnp.sin(x), fnp.cos(x))
        return fnp.sum(first * second, axis=0), second[::2].T

    x = np.random.default_rng(1).normal(size=(30, 21))
    plain = fg.jit(f)(x)
    with fg.disable_jit():
        wanted = f(x)
    for a, b in zip(plain, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    fg.test_util.check_grads(lambda x: f(x)[0], (x[:3, :4],), order=2)


def test_a_donated_array_is_updated_in_place():
    def f(x):
        return x.at[3].set(2.0 * x[3] + 1.0)

    x = np.zeros(1000)
    y = fg.jit(f, donate_argnums=0, fastmath=True)(x)
    assert np.shares_memory(x, y)
    assert y[3] == 1.0


def test_effects_and_static_arguments():
    seen = []

    @fg.jit(fastmath={"contract"}, static_argnames="n")
    def f(x, n):
        fg.debug.callback(lambda v: seen.append(float(v)), x)
        return x**n

    assert f(3.0, n=2) == 9.0
    assert fg.jit(lambda x: f(x, n=3))(2.0) == 8.0
    assert seen == [3.0, 2.0]


# --- the setting


@needs_fma
def test_the_setting_holds_where_nothing_else_is_said(setting):
    f, strict = fg.jit(multiply_add), fg.jit(multiply_add, fastmath=False)
    given = (NEAR, NEAR, -1.0)
    assert [f(*given), f(*given)] == [PRODUCT] * 2
    setting({"contract"})
    assert config.fastmath == "contract"
    assert [f(*given), f(*given)] == [EXACT] * 2
    assert [strict(*given), strict(*given)] == [PRODUCT] * 2
    setting(False)
    assert [f(*given), f(*given)] == [PRODUCT] * 2
    with override("fastmath", True):
        assert f(*given) == EXACT
    assert f(*given) == PRODUCT


def test_a_loop_without_jit_follows_the_setting():
    f = lambda x: fg.lax.fori_loop(0, 3, lambda i, c: c * x + 1.0, x)
    with override("fastmath", {"contract", "arcp", "reassoc"}):
        np.testing.assert_allclose(f(0.3), f(0.3), rtol=1e-15)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (False, ""),
        (True, "fast"),
        ((), ""),
        ("contract arcp", "arcp contract"),
        ({"fast", "nsz"}, "fast"),
        (set(FASTMATH), "fast"),
        ({"speed"}, None),
        (3, None),
        ([1], None),
    ],
)
def test_flags_have_one_form(given, kept):
    assert fastmath_flags(given) == kept


def test_an_unknown_flag_is_refused():
    with pytest.raises(ValueError, match=r"fastmath is \{'speed'\}, expected"):
        fg.jit(multiply_add, fastmath={"speed"})
    with pytest.raises(fg.errors.ConfigError, match="`fastmath` cannot be 'speed'"):
        config.update("fastmath", "speed")


def test_the_environment_is_read():
    from funcgrad.config import initial_values

    for text, kept in {"1": "fast", "contract,arcp": "arcp contract", "0": ""}.items():
        assert initial_values({"FUNCGRAD_FASTMATH": text})["fastmath"] == kept
    with pytest.raises(fg.errors.ConfigError):
        initial_values({"FUNCGRAD_FASTMATH": "speed"})
