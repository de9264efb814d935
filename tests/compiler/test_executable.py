import ctypes
import subprocess
import sys
import threading

import numpy as np
import pytest
from scipy import special

from funcgrad.compiler.build import codegen, disk_cache, executable, symbols
from funcgrad.errors import CompilerError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCGRAD_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("FUNCGRAD_CACHE", "1")


def add_text(constant: int) -> str:
    return (
        "define i64 @FG_KERNEL(i64 %x) {\n"
        f"  %y = add i64 %x, {constant}\n  ret i64 %y\n}}\n"
    )


def call_int(text: str, argument: int) -> int:
    function = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
    return function(executable.compile_kernel(text))(argument)


def call_double(text: str, *arguments: float) -> float:
    types = [ctypes.c_double] * len(arguments)
    function = ctypes.CFUNCTYPE(ctypes.c_double, *types)
    return function(executable.compile_kernel(text))(*arguments)


def test_kernel_computes():
    assert call_int(add_text(1001), 41) == 1042


def test_same_text_same_address_and_one_compilation():
    before = executable.counts()["compiled"]
    text = add_text(1002)
    assert executable.compile_kernel(text) == executable.compile_kernel(text)
    assert executable.counts()["compiled"] == before + 1


def test_name_depends_on_text_only():
    assert executable.kernel_name("a") == executable.kernel_name("a")
    assert executable.kernel_name("a") != executable.kernel_name("b")


def test_internal_functions_of_two_kernels_do_not_mix():
    def text(constant):
        return (
            f"define internal i64 @part() noinline {{ ret i64 {constant} }}\n"
            "define i64 @FG_KERNEL(i64 %x) {\n  %y = call i64 @part()\n  ret i64 %y\n}"
        )

    assert [call_int(text(c), 0) for c in (5, 6)] == [5, 6]


def test_threads_that_want_the_same_kernel_compile_it_once():
    before = executable.counts()["compiled"]
    addresses = []
    text = add_text(1003)
    threads = [
        threading.Thread(
            target=lambda: addresses.append(executable.compile_kernel(text))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(addresses) == 8
    assert len(set(addresses)) == 1
    assert executable.counts()["compiled"] == before + 1


HALVE_TEXT = """
define <4 x double> @FG_KERNEL(<4 x double> %x) {
  %y = fmul <4 x double> %x, splat (double 0.5)
  ret <4 x double> %y
}
"""


def quarter_text(function: str) -> str:
    """Kernel that divides by 4, in two calls of a function on vectors."""
    return f"""
declare <4 x double> @{function}(<4 x double>)
define double @FG_KERNEL(double %x) {{
  %v = insertelement <4 x double> zeroinitializer, double %x, i32 2
  %w = call <4 x double> @{function}(<4 x double> %v)
  %u = call <4 x double> @{function}(<4 x double> %w)
  %y = extractelement <4 x double> %u, i32 2
  ret double %y
}}
"""


def test_kernel_calls_functions_of_libraries():
    text = quarter_text(executable.kernel_name(HALVE_TEXT))
    before = executable.counts()["compiled"]
    address = executable.compile_kernel(text, [HALVE_TEXT])
    assert executable.counts()["compiled"] == before + 2
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(address)
    assert function(10.0) == 2.5
    executable.compile_kernel(text + "; another", [HALVE_TEXT])
    assert executable.counts()["compiled"] == before + 3


def test_library_that_is_not_given():
    text = quarter_text(executable.kernel_name("never compiled"))
    with pytest.raises(CompilerError, match="no such function"):
        executable.compile_kernel(text)


LIBRARY_PROGRAM = """
import ctypes, sys
from funcgrad.compiler.build import executable
address = executable.compile_kernel(sys.argv[1], [sys.argv[2]])
function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
print(function(address)(10.0), executable.counts())
"""


def test_libraries_come_from_the_disk_too():
    text = quarter_text(executable.kernel_name(HALVE_TEXT))
    command = [sys.executable, "-c", LIBRARY_PROGRAM, text, HALVE_TEXT]
    for expected in ("'compiled': 2, 'loaded': 0", "'compiled': 0, 'loaded': 2"):
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        assert result.stdout == f"2.5 {{{expected}}}\n"


PROGRAM = """
import ctypes, sys
from funcgrad.compiler.build import executable
text = sys.argv[1]
function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)
print(function(executable.compile_kernel(text))(3.0), executable.counts())
print("numba.core.typing.templates" in sys.modules and
      bool(__import__("numba.core.registry").core.registry.cpu_target
           .target_context._defns))
"""

EXTERNAL_TEXT = """
declare void @fg_blas_dscal(ptr, ptr, ptr, ptr)
define double @FG_KERNEL(double %x) {
  %n = alloca i32
  %a = alloca double
  %v = alloca double
  store i32 1, ptr %n
  store double 7.0, ptr %a
  store double %x, ptr %v
  call void @fg_blas_dscal(ptr %n, ptr %a, ptr %v, ptr %n)
  %r = load double, ptr %v
  ret double %r
}
"""


def test_second_process_compiles_nothing_and_finds_external_functions():
    def run():
        command = [sys.executable, "-c", PROGRAM, EXTERNAL_TEXT]
        return subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.splitlines()

    first, second = run(), run()
    assert first[0] == "21.0 {'compiled': 1, 'loaded': 0}"
    assert second[0] == "21.0 {'compiled': 0, 'loaded': 1}"


def test_typing_machinery_of_numba_stays_untouched():
    command = [sys.executable, "-c", PROGRAM, EXTERNAL_TEXT]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[1] == "False"


def test_damaged_cache_entry_is_compiled_again(tmp_path):
    command = [sys.executable, "-c", PROGRAM, EXTERNAL_TEXT]
    subprocess.run(command, check=True, capture_output=True)
    (entry,) = tmp_path.rglob("*.kernel")
    entry.write_bytes(entry.read_bytes()[:-20])
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("21.0 {'compiled': 1")


CALLS_ABSENT = """
declare void @fg_absent()
define i64 @FG_KERNEL() {
  call void @fg_absent()
  ret i64 0
}
"""

USES_BEFORE_DEFINING = """
define i64 @FG_KERNEL(i64 %x) {
  %y = add i64 %z, 1
  %z = add i64 %x, 1
  ret i64 %y
}
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("define i64 @FG_KERNEL() { ret i64 %x }", "undefined value '%x'"),
        ("define i64 @other() { ret i64 0 }", "does not define @FG_KERNEL"),
        (CALLS_ABSENT, "calls `fg_absent`"),
        (USES_BEFORE_DEFINING, "not well formed"),
    ],
)
def test_bad_text_raises(text, message):
    with pytest.raises(CompilerError, match=message):
        executable.compile_kernel(text)


def test_calls_that_llvm_adds_are_checked_too():
    text = (
        "define double @FG_KERNEL(double %x, double %y) {\n"
        "  %r = frem double %x, %y\n  ret double %r\n}"
    )
    assert call_double(text, 7.5, 2.0) == 1.5
    code = executable._Code("", codegen.compiled(text, "fg_frem"))
    assert code.externals == ["fmod"]


def test_inspection_shows_the_kernel():
    text = add_text(1004)
    name = executable.kernel_name(text)
    assert f"@{name}(i64 %x)" in codegen.lower_to_ir(text, name)
    assert f"{name}:" in codegen.to_assembly(text, name)


def test_add_symbol():
    callback = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(lambda x: 3 * x)
    executable.add_symbol(
        "fg_test_triple", ctypes.cast(callback, ctypes.c_void_p).value
    )
    text = (
        "declare i64 @fg_test_triple(i64)\n"
        "define i64 @FG_KERNEL(i64 %x) {\n"
        "  %y = call i64 @fg_test_triple(i64 %x)\n  ret i64 %y\n}"
    )
    assert call_int(text, 14) == 42


def test_vector_width_follows_the_processor():
    assert executable.vector_bytes() in (16, 32, 64)
    wide = "+avx512f" in executable.host_features()
    assert (executable.vector_bytes() == 64) == wide


SPECIAL_TEXT = """
declare double @fg_special_gammainc_dd(double, double, i32)
define double @FG_KERNEL(double %a, double %x) {
  %r = call double @fg_special_gammainc_dd(double %a, double %x, i32 0)
  ret double %r
}
"""


def test_special_function():
    assert call_double(SPECIAL_TEXT, 2.5, 1.5) == special.gammainc(2.5, 1.5)


@pytest.mark.parametrize(
    "symbol",
    [
        "fg_blas_nothing",
        "fg_lapack_nothing",
        "fg_special_erf_q",
        "fg_numpy_sort_nothing",
        "fg_numpy_shuffle_float64",
        "PyNothing_At_All",
        "nothing",
    ],
)
def test_unknown_symbols(symbol):
    with pytest.raises(KeyError):
        symbols.require(symbol)
    assert not executable.has_symbol(symbol)


def test_numpy_sort_is_numpys():
    sort = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_void_p
    )(symbols.require("fg_numpy_sort_float64"))
    values = np.array([3.0, np.nan, -1.0, 2.0])
    assert sort(values.ctypes.data, values.size, None) == 0
    np.testing.assert_array_equal(values, [-1.0, 2.0, 3.0, np.nan])


def test_blas_threads():
    before = symbols.blas_threads()
    symbols.set_blas_threads(3)
    address = symbols.require("fg_blas_big_threads")
    assert ctypes.c_int32.from_address(address).value == 3
    symbols.set_blas_threads(before)
    with pytest.raises(ValueError, match="at least 1"):
        symbols.set_blas_threads(0)


def test_cache_can_be_switched_off(monkeypatch, tmp_path):
    monkeypatch.setenv("FUNCGRAD_CACHE", "0")
    assert call_int(add_text(1005), 1) == 1006
    assert not list(tmp_path.rglob("*.kernel"))
    assert disk_cache.statistics().entries == 0
