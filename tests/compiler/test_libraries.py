"""Shared functions leave a program's text, and the program computes the same."""

from __future__ import annotations

import re

import numpy as np
import pytest

from funcgrad.compiler.build import executable, libraries
from funcgrad.compiler.build.executable import kernel_name
from funcgrad.compiler.build.libraries import split_libraries
from funcgrad.compiler.call.trampoline import make_native_call
from funcgrad.compiler.emit.builder import Module
from funcgrad.compiler.kernels import lu
from tests.compiler.processes import in_two_processes

NO_TABLE = np.zeros(0, np.int64)


def program(*functions: str, lanes: int = 4, dtype: str = "float64") -> str:
    """Applies functions one after another to ``lanes`` elements."""
    module = Module()
    params = [("ptr", name, "") for name in ("args", "outs", "table", "work")]
    b = module.function("FG_KERNEL", params, "i64")
    x = b.load(b.op("load ptr, ptr %args"), 0, dtype, lanes)
    for function in functions:
        x = b.math(function, x)
    b.store(x, b.op("load ptr, ptr %outs"), 0)
    b.ret(b.i64(0))
    return module.text()


def run(text: str, x: np.ndarray) -> np.ndarray:
    spec = [(x.dtype, x.shape)]
    address = executable.compile_kernel(text)
    return make_native_call(spec, spec, address, NO_TABLE, 0, True, False)(x)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
def test_values_are_those_of_the_whole_text(dtype, monkeypatch):
    x = np.array([0.1, 0.7, -0.3, 2.0]).astype(dtype)
    text = program("tanh", "exp", "log1p", "sin", dtype=dtype)
    got = run(text, x)
    monkeypatch.setattr(libraries, "_LEAST_LINES", 10**9)
    whole = run(text + "; not split\n", x)
    np.testing.assert_array_equal(got, whole)
    np.testing.assert_allclose(got, np.sin(np.log1p(np.exp(np.tanh(x)))), rtol=1e-5)


def test_programs_share_libraries():
    first = split_libraries(program("tanh", "exp"), kernel_name).libraries.values()
    second = split_libraries(
        program("exp", "tanh", "sin"), kernel_name
    ).libraries.values()
    assert first
    assert set(first) < set(second)


def test_a_second_program_compiles_only_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCGRAD_CACHE_DIR", str(tmp_path))
    x = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    run(program("tanh", "exp", lanes=5), x)
    before = executable.counts()["compiled"]
    run(program("exp", "tanh", lanes=5), x)
    assert executable.counts()["compiled"] == before + 1


def test_libraries_come_after_what_they_call():
    split = split_libraries(program("acosh", "lgamma", "erf", lanes=3), kernel_name)
    known: set[str] = set()
    for library in [*split.libraries.values(), split.text]:
        called = {
            n for n in re.findall(libraries._NAME, library) if n.startswith("fg_")
        }
        assert called <= known
        known.add(kernel_name(library))


def test_short_and_private_functions_stay():
    text = """define internal i64 @vm.short(i64 %x) {
  ret i64 %x
}
define internal i64 @part(i64 %x) {
  ret i64 %x
}
define i64 @FG_KERNEL(i64 %x) {
  %y = call i64 @vm.short(i64 %x)
  %z = call i64 @part(i64 %y)
  ret i64 %z
}
"""
    assert split_libraries(text, kernel_name) == (text, {})


def test_kernels_take_their_parts_along():
    kernel = lu.solve_text("float64")
    split = split_libraries(kernel.standalone(), kernel_name)
    (library,) = split.libraries.values()
    for part in ("transpose", "fill", "swap"):
        assert f"@{kernel.symbol}.{part}(" in library
    assert f"@{kernel.symbol}(" not in split.text


PROGRAM = """
import numpy as np
from funcgrad.compiler.build import executable
from tests.compiler.test_libraries import program, run
print(run(program("tanh", "lgamma"), np.ones(4))[0], executable.counts()["compiled"])
"""


def test_loaded_programs_find_their_libraries(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCGRAD_CACHE_DIR", str(tmp_path))
    first, second = (lines[0].split() for lines in in_two_processes(PROGRAM))
    assert first[0] == second[0]
    assert int(first[1]) >= 4
    assert second[1] == "0"
