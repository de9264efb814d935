"""Images of machine code: what the loader makes of object files, without LLVM."""

import ctypes
import subprocess
import sys
import threading

import numpy as np
import pytest

from funcgrad.compiler.build import code_memory, codegen, disk_cache, executable, host
from funcgrad.compiler.build.image import Image
from funcgrad.compiler.build.linker import link
from tests.compiler.processes import in_two_processes

on_linux_x86 = pytest.mark.skipif(
    not host.target().triple.startswith("x86_64") or sys.platform != "linux",
    reason="images are of x86-64 and Linux",
)

TABLE = """
@numbers = internal constant [3 x i64] [i64 5, i64 7, i64 11]
@names = internal constant [2 x ptr] [ptr @twice, ptr @thrice]
define internal i64 @twice(i64 %x) noinline {
  %y = add i64 %x, %x
  ret i64 %y
}
define internal i64 @thrice(i64 %x) noinline {
  %y = mul i64 %x, 3
  ret i64 %y
}
define i64 @FG_KERNEL(i64 %k) {
  %odd = and i64 %k, 1
  %f.at = getelementptr ptr, ptr @names, i64 %odd
  %f = load ptr, ptr %f.at
  %n.at = getelementptr i64, ptr @numbers, i64 %k
  %n = load i64, ptr %n.at
  %y = call i64 %f(i64 %n)
  ret i64 %y
}
"""
SWITCH = (
    "define i64 @FG_KERNEL(i64 %k) {\n  switch i64 %k, label %none [\n"
    + "".join(f"    i64 {k}, label %of.{k}\n" for k in range(12))
    + "  ]\n"
    + "".join(
        f"of.{k}:\n  %v.{k} = call i64 @imaxabs(i64 {-(k**3)})\n  ret i64 %v.{k}\n"
        for k in range(12)
    )
    + "none:\n  ret i64 -1\n}\ndeclare i64 @imaxabs(i64)\n"
)
WRITES = """
@state = internal global i64 3
define i64 @FG_KERNEL(i64 %k) {
  %old = load i64, ptr @state
  %new = add i64 %old, %k
  store i64 %new, ptr @state
  ret i64 %new
}
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCGRAD_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("FUNCGRAD_CACHE", "1")
    monkeypatch.setattr(executable, "_addresses", {})


def function(address):
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(address)


def image_of(text):
    return codegen.compiled(text, "kernel")


def object_file(text):
    module = codegen._optimise(text, "kernel")
    return bytes(codegen.optimising_machine().emit_object(module))


@on_linux_x86
def test_constants_and_functions_of_one_kernel():
    assert isinstance(image_of(TABLE), Image)
    call = function(executable.compile_kernel(TABLE))
    assert [call(k) for k in range(3)] == [10, 21, 22]


@on_linux_x86
def test_branches_through_a_table_and_calls_outside():
    image = image_of(SWITCH)
    assert image.externals == ["imaxabs"]
    call = function(executable.compile_kernel(SWITCH))
    assert [call(k) for k in range(12)] == [k**3 for k in range(12)]
    assert call(99) == -1


def test_what_an_image_can_not_say_is_left_to_llvm():
    assert link(object_file(WRITES), "kernel") is None
    call = function(executable.compile_kernel(WRITES))
    assert [call(4), call(1)] == [7, 8]


@pytest.mark.parametrize("text", [TABLE, SWITCH], ids=["table", "switch"])
def test_object_files_are_loaded_by_llvm_to_the_same_effect(monkeypatch, text):
    monkeypatch.setattr(codegen, "link", lambda data, name: None)
    call = function(executable.compile_kernel(text + "; by LLVM\n"))
    expected = {TABLE: [10, 21, 22], SWITCH: [0, 1, 8]}[text]
    assert [call(k) for k in range(3)] == expected


@on_linux_x86
def test_other_files_make_no_image():
    data = object_file(TABLE)
    assert link(data, "kernel") is not None
    assert link(data, "another") is None
    assert link(b"MZ" + data[2:], "kernel") is None
    arm = bytearray(data)
    arm[0x12] = 183
    assert link(bytes(arm), "kernel") is None


@on_linux_x86
@pytest.mark.parametrize("text", [TABLE, SWITCH], ids=["table", "switch"])
def test_packing_keeps_all(text):
    image = image_of(text)
    again = Image.unpack(image.pack())
    assert again.code == image.code
    assert again.entry == image.entry
    assert again.externals == image.externals
    assert again.counts == image.counts
    assert again.functions == image.functions
    np.testing.assert_array_equal(again.places, image.places)


@on_linux_x86
def test_code_is_not_writable_while_it_may_run():
    address = executable.compile_kernel(TABLE)
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for line in maps:
            span, permissions, *_ = line.split()
            first, last = (int(end, 16) for end in span.split("-"))
            if first <= address < last:
                assert permissions == "r-xp"
                return
    raise AssertionError("the code is nowhere in memory")


@on_linux_x86
def test_memory_that_the_system_refuses(monkeypatch):
    image = image_of(TABLE)
    monkeypatch.setattr(code_memory, "_libc", lambda: Refusing())
    with pytest.raises(OSError, match="no memory"):
        code_memory.install(image, [])


class Refusing:
    """A C library that has no memory."""

    def mmap(self, *arguments):
        return ctypes.c_void_p(-1).value


def test_many_threads_install_and_call():
    texts = [TABLE.replace("i64 11", f"i64 {k}") for k in range(20, 28)]
    results = {}

    def run(k):
        results[k] = function(executable.compile_kernel(texts[k]))(2)

    threads = [threading.Thread(target=run, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {k: 2 * (20 + k) for k in range(8)}


PROGRAM = """
import sys
import numpy as np
import funcgrad as fg
print(fg.jit(fg.grad(lambda x: (np.tanh(x) @ x).sum()))(np.ones(5))[0])
print(*sorted({"llvmlite", "numba", "scipy", "pathlib"} & set(sys.modules)))
"""


@on_linux_x86
def test_a_process_that_finds_its_code_loads_no_compiler():
    first, second = in_two_processes(PROGRAM)
    assert first[0] == second[0]
    assert "llvmlite" in first[1]
    assert second[1] == ""


def test_the_processor_is_recalled(tmp_path):
    host.target.cache_clear()
    found = host.target()
    assert found == host._ask_llvm()
    records = list(tmp_path.rglob("*.record"))
    for path in records:
        path.write_bytes(path.read_bytes()[:-1])  # damaged: asked again
    host.target.cache_clear()
    assert host.target() == found
    assert len(list(tmp_path.rglob("*.record"))) == len(records)
    assert disk_cache.statistics().entries == 0
    disk_cache.clear()
    assert not list(tmp_path.rglob("*.record"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [("NUMBA_CPU_NAME", "generic"), ("NUMBA_CPU_FEATURES", "+sse2")],
)
def test_settings_of_numba_are_part_of_the_target(monkeypatch, variable, value):
    plain = host.target.__wrapped__()
    monkeypatch.setenv(variable, value)
    other = host.target.__wrapped__()
    assert other != plain
    assert value in (other.cpu, other.features)


DAEMON = """
import threading, time
import numpy as np
import funcgrad as fg
call = fg.jit(lambda x: fg.lax.fori_loop(0, 30_000_000, lambda i, x: x * 1.0001, x))
call(np.ones(1) * 0)
threading.Thread(target=lambda: [call(np.ones(1)) for _ in range(100)], daemon=True).start()
time.sleep(0.05)
print("ends")
"""


def test_the_interpreter_may_end_while_code_runs():
    command = [sys.executable, "-c", DAEMON]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("ends\n", "")
