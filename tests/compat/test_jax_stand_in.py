"""The stand-in for JAX: when it is there, what it says, and what it leaves alone."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

HAS_JAX = importlib.util.find_spec("jax") is not None


def run(code, install=True):
    """The output of a program, in a process of its own."""
    first = "from funcgrad.compat import jax as stand_in\n"
    if install:
        first += "stand_in.install()\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", first + code],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_modules_are_the_stand_ins_in_every_form_of_import():
    run(
        """
import jax, jax.numpy as jnp, jax.scipy.special
from jax import lax, random, tree_util
from jax.flatten_util import ravel_pytree
from jax.typing import ArrayLike
import funcgrad, funcgrad.numpy
assert jnp is jax.numpy and lax is jax.lax
assert jax.grad.__wrapped__ is funcgrad.grad
assert jax.scipy.special.gammaln is not None
assert isinstance(jax.__version_info__, tuple)
"""
    )


MISSING = [
    "import jax; jax.no_such_thing",
    "from jax import no_such_thing",
    "import jax.no_such_thing",
    "import jax.numpy; jax.numpy.no_such_thing",
    "from jax.numpy import no_such_thing",
    "from jax.experimental.no_such_thing import x",
]


def test_missing_names_say_what_is_missing():
    run(
        f"""
import jax
for statement in {MISSING}:
    try:
        exec(statement)
    except (ImportError, AttributeError) as error:
        text = str(error)
        assert "no_such_thing" in text and "docs/compat.md" in text, text
        assert "funcgrad's stand-in for JAX has no `jax." in text, text
    else:
        raise AssertionError(statement)
assert not hasattr(jax, "no_such_thing")
try:
    import jax.no_such_thing
except ImportError:
    pass
"""
    )


@pytest.mark.skipif(not HAS_JAX, reason="JAX is not installed")
def test_an_imported_jax_is_never_replaced():
    text = run(
        """
import jax
try:
    stand_in.install()
except ImportError as error:
    print(type(error).__name__, error)
assert jax.__name__ == "jax" and hasattr(jax.numpy, "bfloat16")
assert not stand_in.is_installed()
""",
        install=False,
    )
    assert text.startswith("RealJaxError")
    assert "install() first" in text


@pytest.mark.skipif(not HAS_JAX, reason="JAX is not installed")
def test_uninstall_gives_the_installed_jax_back():
    run(
        """
import jax
assert not jax.__file__.endswith("jax/__init__.py") or "funcgrad" in jax.__file__
stand_in.uninstall()
stand_in.uninstall()
import jax
assert "funcgrad" not in jax.__file__ and jax.numpy.bfloat16
"""
    )


def test_funcgrad_does_not_import_the_stand_in():
    run(
        """
import sys
stand_in.uninstall()
""",
    )
    code = "import sys, funcgrad; assert 'jax' not in sys.modules; "
    code += "assert 'funcgrad.compat' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_arrays_are_jax_arrays():
    run(
        """
import numpy as np, jax, jax.numpy as jnp
assert isinstance(jnp.ones(2), jax.Array) and isinstance(np.float64(1), jax.Array)
assert isinstance(np.ones(2), jax.Array) and not isinstance(1.0, jax.Array)
assert issubclass(np.ndarray, jax.Array) and not issubclass(int, jax.Array)
seen = []
jax.jit(lambda x: seen.append((isinstance(x, jax.Array), isinstance(x, jax.core.Tracer))))(1.0)
assert seen == [(True, True)]
assert isinstance(1.0, jax.typing.ArrayLike)
jax.Array | None
x = jnp.arange(3.0)
assert x.at[1].set(7.0).tolist() == [0, 7, 2] and x.block_until_ready() is x
assert x.sharding is jax.typeof(x).sharding
"""
    )


def test_in_place_operators_change_nobody_elses_array():
    run(
        """
import numpy as np, jax.numpy as jnp
x = jnp.ones((2, 1)); y = x
y += jnp.ones((2, 3))
y *= 3; y -= 1; y /= 5; y **= 2
assert y.shape == (2, 3) and (y == 1).all() and (x == 1).all()
i = jnp.arange(4); j = i
j //= 2; j <<= 3; j |= 1; j %= 5; j ^= 2; j &= 7; j >>= 1
assert i.tolist() == [0, 1, 2, 3]
a = np.ones(2); b = a
b += 1
assert a.tolist() == [2, 2]
stand_in.uninstall()
y = x; y += 1
assert (x == 2).all()
"""
    )


def test_keys_have_the_bits_of_jax():
    text = run(
        """
import jax
key = jax.random.key(42)
a, b = jax.random.split(key)
print(jax.random.key_data(jax.random.fold_in(b, 7)).tolist(), jax.random.bits(a, (2,)).tolist())
assert jax.random.PRNGKey(42).tolist() == key.tolist()
"""
    )
    # JAX 0.10.2: the same program.
    assert text == KEYS


KEYS = "[520833650, 68019029] [4347342853369491463, 7326897058900008910]"


def test_keywords_that_choose_devices_and_precision_are_taken():
    run(
        """
import jax, jax.numpy as jnp
a = jnp.ones((2, 2))
assert jnp.dot(a, a, precision=jax.lax.Precision.HIGHEST).shape == (2, 2)
assert jnp.einsum("ij,jk", a, a, precision="highest").shape == (2, 2)
assert jnp.tensordot(a, a, 1, out_sharding=None).shape == (2, 2)
assert jax.lax.dynamic_slice_in_dim(operand=a, start_index=0, slice_size=1).shape == (1, 2)
assert jax.jit(lambda x: x, device=jax.devices()[0])(a).shape == (2, 2)
try:
    jnp.dot(a, a, no_such_keyword=1)
except TypeError as error:
    assert "no_such_keyword" in str(error)
else:
    raise AssertionError
"""
    )


def test_settings():
    run(
        """
import jax, pytest
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platform_name", "cpu")
assert jax.config.jax_enable_x64 and not jax.config.jax_debug_nans
for name, value in [("jax_enable_x64", False), ("jax_platforms", "gpu"), ("jax_no", 1)]:
    with pytest.raises(ValueError):
        jax.config.update(name, value)
with jax.enable_x64(True):
    pass
"""
    )


def test_one_device():
    run(
        """
import jax, jax.numpy as jnp, numpy as np, pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
assert jax.device_count() == 1 and jax.default_backend() == "cpu"
with pytest.raises(RuntimeError):
    jax.devices("gpu")
mesh = jax.make_mesh((1,), ("i",))
x = jax.device_put(np.arange(3.0), NamedSharding(mesh, P("i")))
assert mesh.shape == {"i": 1} and isinstance(x, jax.Array)
y = jax.shard_map(lambda x: jax.lax.pmean(2 * x, "i"), mesh=mesh, in_specs=P("i"), out_specs=P())(x)
assert y.tolist() == [0, 2, 4]
with pytest.raises(ValueError):
    jax.make_mesh((2,), ("i",))
with pytest.raises(ValueError):
    Mesh(np.array(jax.devices()), ("i", "j"))
total = jax.pmap(lambda x: jax.lax.psum(x, "i"), axis_name="i")(jnp.ones((4, 2)))
assert total.shape == (4, 2) and total[0, 0] == 4
"""
    )


def test_older_form_of_cond():
    run(
        """
import jax
from jax.lax import cond
f = lambda x: cond(x > 0, x, lambda t: t * t, (x, 1.0), lambda f: f[0] - f[1])
assert f(3.0) == 9 and f(-1.0) == -2 and jax.jit(jax.grad(f))(3.0) == 6
assert cond(True, lambda x: x, lambda x: -x, 2.0) == 2
"""
    )


def test_scipy_and_other_libraries_work_beside_it():
    run(
        """
import jax, numpy as np, scipy.linalg, scipy.optimize, scipy.stats
assert abs(scipy.optimize.minimize(lambda x: ((x - 1) ** 2).sum(), np.zeros(2)).x - 1).max() < 1e-6
assert type(scipy.stats.norm.logpdf(np.zeros(2))) is np.ndarray
assert type(scipy.special.logsumexp(np.zeros(2))) is np.float64
"""
    )


def test_loops_and_branches_keep_the_types_that_jax_gives():
    run(
        """
import jax, jax.numpy as jnp, numpy as np, pytest
wide, i = np.arange(3), jnp.asarray(2, jnp.int32)
x = jnp.ones(3, jnp.float32)
assert (x * wide).dtype == np.float64
for run in (lambda f: f, jax.jit):
    carry, _ = run(lambda x: jax.lax.scan(lambda c, _: (c * wide, None), x, length=3))(x)
    assert carry.dtype == np.float32 and carry.tolist() == [0, 1, 8]
    y = run(lambda x: jax.lax.fori_loop(0, 3, lambda i, c: c * wide, x))(x)
    assert y.dtype == np.float32 and y.tolist() == [0, 1, 8]
    n = run(lambda i: jax.lax.while_loop(lambda n: n < 9, lambda n: n + wide[1] * 2, i))(i)
    assert n.dtype == np.int32 and n == 10
    for flag in (True, False):
        y = run(lambda x: jax.lax.cond(flag, lambda x: x * wide, lambda x: x, x))(x)
        assert y.dtype == np.float32 and y[2] == (2 if flag else 1)
    y = run(lambda x: jax.lax.switch(1, [lambda x: x, lambda x: x * wide], x))(x)
    assert y.dtype == np.float32 and y[2] == 2
with pytest.raises(TypeError):
    jax.lax.cond(True, lambda x: (x, x), lambda x: x, x)
with pytest.raises(TypeError):
    jax.lax.cond(True, lambda x: x > 0, lambda x: x, x)
with pytest.raises(TypeError):
    jax.lax.scan(lambda c, _: ((c, c), None), x, length=2)
"""
    )


def test_modules_that_libraries_only_import():
    run(
        """
import jax.scipy.cluster.vq
from jax.scipy import spatial
assert not hasattr(spatial, "transform") or spatial.transform.__name__
assert not hasattr(jax.scipy.cluster.vq, "vq")
import importlib.util
assert importlib.util.find_spec("jax.numpy").origin is None
"""
    )


def test_factorizations_are_of_the_hermitian_part():
    run(
        """
import jax, jax.numpy as jnp, numpy as np
a = np.array([[4.0, 3.0], [1.0, 2.0]])
mean = (a + a.T) / 2
np.testing.assert_allclose(jnp.linalg.cholesky(a), np.linalg.cholesky(mean))
np.testing.assert_allclose(jnp.linalg.cholesky(a, upper=True).T, np.linalg.cholesky(mean))
np.testing.assert_allclose(jax.lax.linalg.cholesky(a), np.linalg.cholesky(mean))
low = jnp.linalg.cholesky(a, symmetrize_input=False)
np.testing.assert_allclose(low, np.linalg.cholesky(a))
w, v = jnp.linalg.eigh(a)
np.testing.assert_allclose(v @ np.diag(w) @ v.T, mean)
np.testing.assert_allclose(jnp.linalg.eigvalsh(a), w)
vectors, values = jax.lax.linalg.eigh(a)
np.testing.assert_allclose(mean @ vectors, vectors * values)
g = jax.jit(jax.grad(lambda a: jnp.linalg.cholesky(a).sum()))(a)
np.testing.assert_allclose(g, g.T)
w, v = jnp.linalg.eig(a)
assert w.dtype == v.dtype == jnp.linalg.eigvals(a).dtype == np.complex128
np.testing.assert_allclose(a @ v, v * w)
"""
    )


def test_reductions_without_a_mask():
    run(
        """
import jax.numpy as jnp
x = jnp.arange(4.0)
assert x.sum(where=None) == 6 == jnp.sum(x, where=None)
assert x.mean(axis=0, where=None) == 1.5 and x.max(initial=None, where=None) == 3
assert x.any(where=x > 9) == False
"""
    )


PAGE = pathlib.Path(__file__).parents[2] / "docs" / "compat.md"
BLOCKS = re.findall(
    r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize("code", BLOCKS, ids=["jax", "autograd"])
def test_examples_of_the_page(code):
    if "optax" in code:
        if importlib.util.find_spec("optax") is None:
            pytest.skip("optax is not installed")
        code += "\nassert abs(w - jnp.array([1.0, 2.0])).max() < 1e-3\n"
    run(code, install=False)
