"""Devices, of which there is one, and what else programs ask of the library itself."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import lax


def test_there_is_one_device():
    assert fg.default_backend() == "cpu"
    assert fg.device_count() == len(fg.devices()) == fg.process_count() == 1
    assert fg.process_index() == 0
    assert fg.devices("cpu")[0].platform == "cpu"
    with pytest.raises(RuntimeError, match="gpu"):
        fg.devices("gpu")


def test_arrays_go_nowhere():
    tree = {"a": np.arange(3.0), "b": [1.0]}
    put = fg.device_put(tree)
    assert isinstance(put["a"], fg.Array)
    assert np.shares_memory(put["a"], tree["a"])
    assert type(fg.device_get(put)["a"]) is not list
    np.testing.assert_array_equal(fg.device_get(put)["a"], tree["a"])
    assert fg.block_until_ready(put) is put
    got = fg.grad(lambda x: fg.block_until_ready(fg.device_put(x)) ** 2)(3.0)
    assert got == 6.0


def test_clear_caches_forgets_every_program():
    functions = [fg.jit(lambda x, k=k: k * x) for k in range(3)]
    for function in functions:
        function(1.0)
    assert [f.cache_info().currsize for f in functions] == [1, 1, 1]
    fg.clear_caches()
    assert [f.cache_info().currsize for f in functions] == [0, 0, 0]
    assert functions[2](4.0) == 8.0


def test_double_precision_is_always_there():
    with fg.enable_x64():
        assert fg.jit(lambda x: x)(1.0).dtype == np.float64
    with pytest.raises(fg.errors.ConfigError), fg.enable_x64(False):
        pass


def test_environment(capsys):
    assert fg.print_environment_info() is None
    printed = capsys.readouterr().out
    text = fg.print_environment_info(return_string=True)
    assert printed.partition("cache size")[0] == text.partition("cache size")[0]
    assert f"numpy       {np.__version__}" in text


HALVES = np.array(
    [0.5, 1.5, -0.5, -2.5, -0.0, 0.49999999999999994, 0.3]
    + [np.nan, np.inf, -np.inf, 2.0**52 + 1, 2.0**52, 2.0**51 + 0.5]
)


@pytest.mark.parametrize("wrap", [lambda f: f, fg.jit])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_halves_are_rounded_away_from_zero_by_lax(wrap, dtype):
    x = HALVES.astype(dtype)
    got = wrap(lax.round)(x)
    with np.errstate(invalid="ignore"):
        fraction = np.abs(x) - np.floor(np.abs(x))
        want = np.where(
            fraction == 0.5, np.copysign(np.ceil(np.abs(x)), x), np.round(x)
        )
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(np.signbit(got[:-6]), np.signbit(want[:-6]))
    even = wrap(lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN))(x)
    np.testing.assert_array_equal(even, np.round(x))


def test_small_names_of_lax():
    assert lax.dtype(np.float32(1)) == np.float32
    assert fg.jit(lambda x: lax.empty((2, *x.shape), int))(np.ones(3)).shape == (2, 3)
    np.testing.assert_array_equal(lax.shape_as_value((2, 3)), [2, 3])
    assert lax.shape_as_value(()).shape == (0,)
