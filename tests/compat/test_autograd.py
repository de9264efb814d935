"""Programs written for Autograd give the same results when their imports are changed."""

import importlib.util
import pathlib
import re
import warnings

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors
from funcgrad.compat import autograd
from funcgrad.compat.autograd import extend
from funcgrad.compat.autograd import numpy as anp
from funcgrad.compat.autograd.scipy import signal

SOURCES = {
    path.stem: path.read_text("utf-8")
    for path in sorted(
        (pathlib.Path(__file__).parent / "autograd_programs").glob("*.py")
    )
}
IMPORT = re.compile(r"^(from|import) autograd\b", re.MULTILINE)
PROGRAMS = [
    (module, name)
    for module, source in SOURCES.items()
    for name in re.findall(
        r"^        (\w+),$", source.split("PROGRAMS = ")[1], re.MULTILINE
    )
]


def programs(source):
    namespace = {"__name__": "programs"}
    exec(compile(source, "programs", "exec"), namespace)
    return namespace["PROGRAMS"]


def changed(module):
    return programs(IMPORT.sub(r"\1 funcgrad.compat.autograd", SOURCES[module]))


@pytest.mark.parametrize(("module", "name"), PROGRAMS)
def test_same_results_as_autograd(module, name):
    if importlib.util.find_spec("autograd") is None:
        pytest.skip("Autograd is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = fg.tree.leaves(programs(SOURCES[module])[name]())
    got = fg.tree.leaves(changed(module)[name]())
    assert len(got) == len(want)
    for ours, theirs in zip(got, want, strict=True):
        assert np.shape(ours) == np.shape(theirs)
        np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-10)


def test_operators_can_be_compiled_and_batched():
    def f(x):
        return anp.sum(anp.sin(x) * x)

    x = np.arange(6.0).reshape(2, 3)
    want = np.cos(x) * x + np.sin(x)
    np.testing.assert_allclose(fg.jit(autograd.grad(f))(x), want)
    np.testing.assert_allclose(fg.vmap(autograd.grad(f))(x), want)
    np.testing.assert_allclose(fg.jit(autograd.elementwise_grad(anp.exp))(x), np.exp(x))


def test_own_rules_can_be_compiled():
    double = extend.primitive(lambda x: x * 2.0)
    extend.defvjp(double, lambda ans, x: lambda g: 10.0 * g)
    assert fg.jit(autograd.grad(double))(1.0) == 10.0
    assert double.__name__ == "<lambda>"


def test_errors():
    with pytest.raises(errors.GradientTypeError, match="elementwise_grad"):
        autograd.grad(lambda x: x)(np.ones(2))
    with pytest.raises(errors.GradientTypeError, match="real"):
        autograd.elementwise_grad(lambda x: 1j * x)(np.ones(2))
    ruleless = extend.primitive(lambda x: x)
    assert ruleless(1.0) == 1.0
    with pytest.raises(NotImplementedError, match="VJP of"):
        autograd.grad(ruleless)(1.0)
    partial = extend.primitive(lambda x, y: x * y)
    extend.defvjp(partial, lambda ans, x, y: lambda g: g * y)
    with pytest.raises(NotImplementedError, match=r"arguments \[1\]"):
        autograd.grad(partial, 1)(1.0, 2.0)
    with pytest.raises(errors.PrimitiveDefinitionError):
        extend.defvjp(np.sin, lambda ans, x: lambda g: g)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = anp.no_such_name
    with pytest.raises(errors.ConcretizationTypeError, match="getval"):
        fg.jit(changed("operators")["tracing"].__globals__["getval"])(1.0)
    with pytest.warns(UserWarning, match="not complex"):
        autograd.holomorphic_grad(lambda x: x)(1.0)


def test_rules_that_need_numbers_work_in_jacobians():
    values = extend.primitive(lambda x: np.array([float(t) for t in x]) ** 2)
    extend.defvjp(
        values, lambda ans, x: lambda g: 2 * np.array([float(t) for t in g]) * x
    )
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(autograd.jacobian(values)(x), np.diag(2 * x))


def test_gradients_by_name():
    def f(x, y=2.0, *, scale=1.0):
        return scale * x * y**2

    got = autograd.multigrad_dict(f)(3.0, scale=5.0)
    assert {name: float(g) for name, g in got.items()} == {
        "x": 20,
        "y": 60,
        "scale": 12,
    }
    assert float(autograd.grad_named(f, "y")(3.0, 4.0)) == 24


def test_integers_are_differentiated_as_floats():
    assert autograd.grad(lambda x: x**2)(3) == 6.0
    assert autograd.grad(anp.sum)(np.arange(3)).dtype == np.float64


def test_transforms_and_convolutions():

    x = np.random.default_rng(0).normal(size=8)
    got = autograd.grad(lambda x: anp.sum(anp.abs(anp.fft.fft(x)) ** 2))(x)
    np.testing.assert_allclose(got, 16 * x)
    for convolve in (anp.convolve, signal.convolve):
        got = autograd.grad(lambda x, f=convolve: anp.sum(f(x, x)))(x)
        np.testing.assert_allclose(got, np.full(8, 2 * x.sum()))
