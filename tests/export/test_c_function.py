"""Programs as C functions: called by ctypes and from a C program, without Python."""

from __future__ import annotations

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import errors

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 3)), RNG.normal(size=50)
PARAMS = {"w": RNG.normal(size=3), "b": np.array(0.3)}
TABLE = RNG.normal(size=40)


def loss(p, x, y):
    return np.mean((np.tanh(x @ p["w"] + p["b"]) - y) ** 2)


def last_of_scan(s):
    return fg.lax.scan(lambda c, t: (np.sin(c) * t + s[0], None), s[1], TABLE)[0]


def root(a):
    return fg.lax.while_loop(
        lambda r: abs(r * r - a) > 1e-12, lambda r: 0.5 * (r + a / r), a
    )


def call(made, args, like):
    """The results, by ctypes."""
    arrays = [np.ascontiguousarray(x) for x in fg.tree.leaves(args)]
    results = [np.zeros(np.shape(y), np.asarray(y).dtype) for y in fg.tree.leaves(like)]
    header = made.header.read_text()
    size = int(header.rpartition("_SCRATCH_BYTES ")[2].split()[0])
    scratch = np.zeros(size, np.uint8)
    function = getattr(ctypes.CDLL(str(made.library)), made.name)
    function.restype = ctypes.c_int64
    blocks = [*arrays, *results, scratch]
    assert function(*[ctypes.c_void_p(a.ctypes.data) for a in blocks]) == 0
    return results


@needs_compiler
@pytest.mark.parametrize(
    ("f", "args"),
    [
        (fg.value_and_grad(loss), (PARAMS, X, Y)),
        (fg.jit(fg.grad(last_of_scan)), (np.array([0.3, 0.7]),)),
        (fg.vmap(fg.grad(root)), (np.array([2.0, 9.0, 100.0]),)),
        (lambda x: (x.astype(np.float32) * 2, x > 0, TABLE), (X,)),
        (lambda x: np.cumsum(x) + 1j * x, (X[:, 0].astype(np.float32),)),
    ],
    ids=["network", "scan", "while", "kinds", "complex"],
)
def test_results_are_those_of_python(f, args, tmp_path):
    made = fg.export.c_function(f, *args, path=tmp_path, name="program")
    expected = f(*args)
    found = call(made, args, expected)
    for a, b in zip(found, fg.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6 if a.dtype != "f8" else 1e-12)


@needs_compiler
def test_a_c_program_uses_header_and_object(tmp_path):
    def energy(x):
        return np.sum(np.tanh(x) ** 2)

    x = np.linspace(0.0, 1.0, 5)
    fg.export.c_function(fg.grad(energy), x, path=tmp_path, name="slope")
    (tmp_path / "main.c").write_text(
        '#include <stdio.h>\n#include "slope.h"\n'
        "int main(void) {\n"
        "  double x[5] = {0.0, 0.25, 0.5, 0.75, 1.0}, result[5];\n"
        "  static char scratch[SLOPE_SCRATCH_BYTES];\n"
        "  if (slope(x, result, scratch)) return 1;\n"
        '  for (int i = 0; i < 5; i++) printf("%.17g\\n", result[i]);\n'
        "  return 0;\n}\n"
    )
    command = ["cc", "main.c", "slope.o", "-lm", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    printed = subprocess.run(
        [tmp_path / "main"], capture_output=True, text=True, check=True
    ).stdout
    np.testing.assert_allclose(
        [float(line) for line in printed.split()], fg.grad(energy)(x), rtol=1e-13
    )


def test_parameters_have_names_that_c_takes(tmp_path):
    made = fg.export.c_function(
        lambda double, result: double * result, 2.0, 3.0, path=tmp_path, name="product"
    )
    assert (
        "product(const double *double_, const double *result, double *result_2, "
        "void *scratch)"
    ) in made.header.read_text()


def test_large_products_name_blas(tmp_path):
    small = np.ones((300, 300))
    made = fg.export.c_function(lambda a: a @ a, small, path=tmp_path, name="small")
    assert made.externals == ()
    a = np.ones((500, 500))
    made = fg.export.c_function(lambda a: a @ a, a, path=tmp_path, name="product")
    assert made.externals == ("dgemm_",)
    assert made.library is None
    assert "dgemm_" in made.header.read_text()


def test_what_c_can_not_have_is_listed(tmp_path):
    def f(x):
        fg.debug.print("{}", x)
        return np.sort(np.fft.fft(x).real)

    with pytest.raises(
        errors.ExportError, match=r"a call of Python.*fg_numpy"
    ) as caught:
        fg.export.c_function(f, np.ones(300), path=tmp_path)
    assert __file__ in str(caught.value)
