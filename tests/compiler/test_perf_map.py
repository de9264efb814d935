"""Profilers find the names of compiled functions where they are asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from funcgrad.compiler.build import codegen, perf_map
from funcgrad.compiler.build.executable import compile_kernel, kernel_name
from funcgrad.config import override

TEXT = """define internal i64 @part(i64 %x) noinline {
  %y = add i64 %x, SALT
  ret i64 %y
}
define i64 @FG_KERNEL(i64 %x) {
  %y = call i64 @part(i64 %x)
  %z = mul i64 %y, 3
  ret i64 %z
}
"""


@pytest.fixture
def written():
    path = Path(f"/tmp/perf-{os.getpid()}.map")
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="perf is Linux's")
def test_functions_are_named_at_their_addresses(written):
    check_names(written, "71")


def check_names(written, salt):
    text = TEXT.replace("SALT", salt)
    with override("perf_map", True):
        address = compile_kernel(text, label="program")
    lines = written.read_text().splitlines()
    short = kernel_name(text)[:11]
    rows = {}
    for line in lines:
        start, size, name = line.split(" ", 2)
        rows[name] = (int(start, 16), int(size, 16))
    assert set(rows) == {f"program [{short}]", f"program part [{short}]"}
    assert rows[f"program [{short}]"][0] == address
    (first, size), (second, _) = sorted(rows.values())
    assert 0 < size <= second - first


def test_nothing_is_written_unless_asked(written):
    compile_kernel(TEXT.replace("SALT", "72"))
    assert not written.exists()


def test_code_of_other_formats_has_no_names(written):
    functions = perf_map.functions_of(b"\xcf\xfa\xed\xfe", "fg_0", 0)
    assert functions == []
    perf_map.write(functions, "fg_0", "program")
    assert written.read_text() == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="perf is Linux's")
def test_functions_of_code_that_llvm_loads_are_named_too(written, monkeypatch):
    monkeypatch.setattr(codegen, "link", lambda data, name: None)
    check_names(written, "73")
