"""What ``import funcgrad`` loads, and that what it defers is there when asked for."""

from __future__ import annotations

import ast
import functools
import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import funcgrad

PACKAGE = Path(funcgrad.__file__).parent
LAZY_PACKAGES = [
    path
    for path in sorted(PACKAGE.rglob("__init__.py"))
    if "deferred(" in path.read_text(encoding="utf-8")
]

# NumPy loads what it needs itself; of the rest, each costs 2 to 500 ms.
SLOW = """
scipy numba llvmlite jax torch autograd matplotlib
numpy.random numpy.fft numpy.polynomial numpy.ma numpy.typing
ast dataclasses hashlib html json logging pathlib pickle platform shutil subprocess tempfile urllib
""".split()
OWN = """
funcgrad.compiler.pipeline funcgrad.compiler.lower.lowering funcgrad.compiler.kernels
funcgrad.compiler.program funcgrad.compiler.build funcgrad.compiler.call
funcgrad.compiler.simplify.passes funcgrad.compiler.emit.vecmath
funcgrad.numpy.sets funcgrad.numpy.statistics funcgrad.ops.convolution
funcgrad.ops.control.loops funcgrad.ops.control.custom_rules
funcgrad.lax funcgrad.nn funcgrad.optimizers funcgrad.random funcgrad.scipy
funcgrad.test_util funcgrad.testing funcgrad.viz
""".split()

MOST_MODULES = 145


def output(program: str) -> set[str]:
    """Words that a program prints in a fresh interpreter."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def modules_after(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter has after a statement."""
    return output(f"import sys\n{statement}\nprint(*sys.modules)")


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    return modules_after("import funcgrad") - modules_after("import numpy")


@pytest.mark.parametrize("name", SLOW + OWN)
def test_import_does_not_load(loaded, name):
    assert name not in loaded


def test_import_loads_few_modules(loaded):
    """Each costs half a millisecond."""
    assert len([name for name in loaded if name.startswith("funcgrad")]) <= MOST_MODULES


def names_for_type_checkers(path: Path) -> set[str]:
    """What a package imports under ``if TYPE_CHECKING``."""
    (block,) = (
        node
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}


@pytest.mark.parametrize("path", LAZY_PACKAGES, ids=lambda path: path.parent.name)
def test_deferred_names_are_those_that_type_checkers_see(path):
    name = ".".join(path.parent.relative_to(PACKAGE.parent).parts)
    names = names_for_type_checkers(path)
    package = importlib.import_module(name)
    assert all(package.__getattr__(name) is not None for name in names)
    deferred = output(f"import {name} as p; print(*set(dir(p)) - set(vars(p)))")
    assert deferred == names


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        funcgrad.nonsense


def test_special_functions_are_answered_for_before_our_namespace_is_loaded():
    program = """
import funcgrad, numpy, scipy.special
assert "funcgrad.scipy.special" not in sys.modules
assert abs(funcgrad.grad(scipy.special.expit)(0.0) - 0.25) < 1e-12
"""
    assert "funcgrad.scipy.special" in modules_after(program)


def test_dispatch_table_names_special_functions():
    assert "scipy.special.expit" in funcgrad.numpy.dispatch_table()


def test_functions_of_numpy_are_answered_for_before_ours_are_loaded():
    """Whatever the whole library answers for, a fresh interpreter answers for too."""
    names = [
        name
        for name in funcgrad.numpy.dispatch_table()
        if name.startswith("numpy.") and not isinstance(_numpy(name), np.ufunc)
    ]
    program = f"""
import funcgrad, numpy
from funcgrad.core.numpy_protocol import find_function
for name in {names}:
    function = numpy
    for part in name.split(".")[1:]:
        function = getattr(function, part)
    if find_function(function) is None:
        print(name)
"""
    assert output(program) == set()


def _numpy(name: str) -> object:
    return functools.reduce(getattr, name.split(".")[1:], np)


@pytest.mark.parametrize("name", ["argsort", "searchsorted", "sort"])
def test_methods_are_answered_for_before_ours_are_loaded(name):
    program = f"""
import funcgrad, numpy
funcgrad.make_jaxpr(lambda x: x.{name}(*{[0.5] if name == "searchsorted" else []}))(
    numpy.arange(3.0)
)
print("done")
"""
    assert output(program) == {"done"}


def test_star_import_gives_deferred_names_too():
    program = "from funcgrad.numpy import *; print(unique is not None, sum, tanh)"
    assert "True" in output(program)


def test_deferred_functions_are_pickled():
    program = """
import pickle, funcgrad as fg, funcgrad.numpy as fnp
same = [pickle.loads(pickle.dumps(f)) is f for f in (fnp.median, fnp.sort, fg.remat)]
print(all(same), fg.remat is fg.checkpoint)
"""
    assert output(program) == {"True"}


def test_modules_load_when_something_of_them_is_used():
    program = """
import sys
from funcgrad.deferred import deferred_module
module = deferred_module("colorsys")
before = "colorsys" in sys.modules
print(before, repr(module).strip("<>").replace(" ", "_"), module.hsv_to_rgb(0, 0, 1))
try:
    module.nonsense
except AttributeError:
    print("absent")
"""
    assert {"False", "absent"} <= output(program)
