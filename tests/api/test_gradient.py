"""grad and value_and_grad: which arguments, aux, complex numbers, and every error."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors


def f(x, y=2.0, *, z=3.0):
    return x * x * y + z * x


def test_argnums():
    assert fg.grad(f)(3.0) == 15.0
    assert fg.grad(f, 1)(3.0, 2.0) == 9.0
    assert fg.grad(f, (0, 1))(3.0, 2.0) == (15.0, 9.0)
    assert fg.grad(f, [1])(3.0, 2.0) == (9.0,)
    assert fg.grad(f, -1)(3.0, 2.0) == 9.0


def test_argnames():
    assert fg.grad(f, argnames="z")(3.0, z=1.0) == 3.0
    assert fg.grad(f, argnames="x")(3.0) == 15.0
    assert fg.grad(f, argnames=("y", "z"))(3.0, 2.0, z=1.0) == (9.0, 3.0)


def test_value_and_aux():
    def g(x):
        return x * x, {"twice": 2 * x, "text": "unchanged"}

    assert fg.grad(g, has_aux=True)(3.0) == (6.0, {"twice": 6.0, "text": "unchanged"})
    (value, aux), gradient = fg.value_and_grad(g, has_aux=True)(3.0)
    assert (value, aux["text"], gradient) == (9.0, "unchanged", 6.0)


def test_aux_carries_outer_derivatives():
    def g(x):
        return fg.grad(lambda y: (y * y, x * y * y), has_aux=True)(x)[1]

    assert fg.grad(g)(2.0) == 12.0
    assert fg.jit(fg.grad(g))(2.0) == 12.0


def test_nested_arguments():
    params = {"w": np.ones((2, 2)), "b": [np.zeros(2), 1.0]}

    def loss(p):
        return np.sum(p["w"] @ p["b"][0]) * 2.0 + p["b"][1]

    gradient = fg.grad(loss)(params)
    np.testing.assert_array_equal(gradient["w"], np.zeros((2, 2)))
    np.testing.assert_array_equal(gradient["b"][0], [4.0, 4.0])
    assert gradient["b"][1] == 1.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_of_the_gradient_is_that_of_the_argument(dtype):
    x = np.arange(3, dtype=dtype)
    assert fg.grad(lambda x: np.sum(x * x))(x).dtype == dtype
    assert fg.grad(lambda x: np.sum(x.astype(np.float64) ** 2))(x).dtype == dtype


def test_python_control_flow():
    def g(x):
        total = 0.0
        for i in range(3):
            if x > i:
                total = total + x**i
        return total

    assert fg.grad(g)(2.5) == 1.0 + 2 * 2.5
    assert fg.grad(fg.grad(g))(2.5) == 2.0


def test_gradients_that_are_zero_are_arrays_of_their_own():
    gradient = fg.grad(lambda x: 1.0)(np.ones(3))
    np.testing.assert_array_equal(gradient, np.zeros(3))
    gradient += 1.0


def test_perturbations_do_not_mix():
    assert fg.grad(lambda x: x * fg.grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert fg.grad(lambda x: x * fg.jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0) == 6.0
    inner = fg.jit(lambda x, y: x * y)
    assert fg.grad(lambda x: fg.grad(lambda y: inner(x, y))(2.0) * x)(3.0) == 6.0


def test_real_function_of_a_complex_argument():
    z = np.complex128(1 + 2j)
    got = fg.grad(lambda z: np.real(z * np.conj(z)))(z)
    np.testing.assert_allclose(got, 2 * np.conj(z))


def test_holomorphic():
    z = np.complex128(1 + 2j)
    np.testing.assert_allclose(fg.grad(lambda z: z**3, holomorphic=True)(z), 3 * z**2)


def test_allow_int():
    gradient = fg.grad(lambda n, x: n * x, (0, 1), allow_int=True)(3, 2.0)
    assert gradient[0].dtype == fg.float0
    assert gradient[1] == 3.0


def test_keeps_the_name():
    def loss(x):
        """The loss."""
        return x

    assert fg.grad(loss).__name__ == "loss"
    assert fg.grad(loss).__doc__ == "The loss."


CASES = [
    (lambda x: x, np.ones(3), "float64[3]", "a real scalar"),
    (lambda x: (x, x), 1.0, "float64[], float64[]", "one scalar"),
    (lambda x: 3, 1.0, "int64[]", "integers have no derivative"),
    (lambda x: x + 1j, 1.0, "complex128[]", "holomorphic=True"),
    (lambda x: None, 1.0, "no array", "a real scalar"),
]


@pytest.mark.parametrize(("fun", "x", "got", "fix"), CASES)
def test_results_without_gradient(fun, x, got, fix):
    with pytest.raises(errors.GradientTypeError) as info:
        fg.grad(fun)(x)
    assert got in str(info.value)
    assert fix in str(info.value)
    assert "test_gradient.py" in str(info.value)


def test_integer_argument():
    with pytest.raises(errors.GradientTypeError) as info:
        fg.grad(lambda p: p["n"] * 1.0)({"n": 3})
    assert "args[0]['n']" in str(info.value)
    assert "int64[]" in str(info.value)


def test_argument_that_is_not_an_array():
    with pytest.raises(errors.UnsupportedDTypeError, match=r"args\[0\]\[1\]"):
        fg.grad(lambda p: p[0])((1.0, "text"))


def test_argument_that_is_not_there():
    with pytest.raises(errors.GradientTypeError, match="argnums=2"):
        fg.grad(f, 2)(1.0, 2.0)
    with pytest.raises(errors.GradientTypeError, match="named 'w'"):
        fg.grad(f, argnames="w")(1.0)


def test_aux_has_to_be_a_pair():
    with pytest.raises(errors.GradientTypeError, match="returns a pair"):
        fg.grad(lambda x: x, has_aux=True)(1.0)


def test_holomorphic_wants_complex():
    with pytest.raises(errors.GradientTypeError, match="a complex argument"):
        fg.grad(lambda z: z, holomorphic=True)(1.0)
    with pytest.raises(errors.GradientTypeError, match="a complex scalar"):
        fg.grad(lambda z: np.real(z), holomorphic=True)(1.0 + 0j)


def test_stop_gradient():
    assert fg.grad(lambda x: x * fg.stop_gradient(x))(3.0) == 3.0
    assert fg.grad(fg.grad(lambda x: x * x * fg.stop_gradient(x)))(3.0) == 6.0
    tree = fg.stop_gradient({"a": 1.0, "b": np.arange(2)})
    assert tree["a"] == 1.0


@pytest.mark.parametrize(
    "transform", [fg.grad, fg.jit, fg.vmap, fg.make_jaxpr, fg.jacfwd]
)
def test_result_that_is_not_an_array_is_named(transform):
    def g(x):
        return {"loss": np.sum(x), "note": "text"}

    with pytest.raises(errors.UnsupportedDTypeError) as info:
        transform(g)(np.ones(2))
    assert "result['note']: str 'text'" in str(info.value)
    assert "`g`" in str(info.value)


@pytest.mark.parametrize("n", [3, np.arange(3), np.arange(30)])
def test_gradients_of_integers_come_out_of_compiled_code(n):
    """Alone, beside other results, and from a program within a program."""
    gradient = fg.grad(lambda k: np.sum(k * 2.0), allow_int=True)
    wanted = gradient(n)
    for function in (fg.jit(gradient), fg.jit(fg.jit(gradient))):
        for _ in range(2):
            got = function(n)
            assert type(got) is np.ndarray
            assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape)
            assert got.dtype == fg.float0
    first, middle, last = fg.jit(lambda k: (k + 1, gradient(k), k * 2.0))(n)
    assert middle.dtype == fg.float0
    np.testing.assert_array_equal(first, n + 1)
    np.testing.assert_array_equal(last, n * 2.0)
