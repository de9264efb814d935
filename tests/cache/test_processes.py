"""Processes that share a folder of compiled code: cold, warm, damaged, read-only."""

import os
import pathlib
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from funcgrad.compiler.build import disk_cache
from funcgrad.config import override

PROGRAM = textwrap.dedent("""
    import sys, time
    began = time.perf_counter()
    import numpy as np
    import funcgrad as fg
    from funcgrad.compiler.build import executable

    @fg.jit
    def step(w, x):
        loss = lambda w: ((np.tanh(x @ w) - 1.0) ** 2).mean()
        return w - 0.1 * fg.grad(loss)(w)

    w = step(np.full(3, 0.5), np.arange(12.0).reshape(4, 3))
    ended = time.perf_counter()
    counts = executable.counts()
    registry = sys.modules.get("numba.core.registry")
    front_end = registry is not None and bool(registry.cpu_target.target_context._defns)
    print(counts["compiled"], counts["loaded"], int(front_end), ended - began)
    print(*w.tolist())
""")


def start(folder):
    environment = dict(os.environ, FUNCGRAD_CACHE_DIR=str(folder))
    environment.pop("FUNCGRAD_CACHE", None)
    root = str(pathlib.Path(__file__).parents[2])
    environment["PYTHONPATH"] = root
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Outcome:
    """What one run of the program has printed."""

    def __init__(self, process):
        out, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        first, second = out.splitlines()
        compiled, loaded, front_end, seconds = first.split()
        self.compiled, self.loaded = int(compiled), int(loaded)
        self.front_end = front_end == "1"
        self.seconds = float(seconds)
        self.result = [float(word) for word in second.split()]


@pytest.fixture
def warm(tmp_path):
    """A folder that one process has filled, and what it computed."""
    return tmp_path, Outcome(start(tmp_path))


def test_two_processes_start_cold_together_and_a_third_compiles_nothing(tmp_path):
    both = [start(tmp_path), start(tmp_path)]
    first, second = (Outcome(process) for process in both)
    assert first.result == second.result
    assert first.compiled + first.loaded == second.compiled + second.loaded > 0
    assert max(first.compiled, second.compiled) > 0
    third = Outcome(start(tmp_path))
    assert third.compiled == 0
    assert third.loaded == first.compiled + first.loaded
    assert third.result == first.result
    assert not third.front_end


def test_damaged_files_are_compiled_again(warm):
    folder, before = warm
    files = sorted(folder.rglob("*.kernel"))
    assert files
    for k, path in enumerate(files):
        data = bytearray(path.read_bytes())
        if k % 3 == 0:
            data = data[: len(data) // 2]
        elif k % 3 == 1:
            data[-9] ^= 0xFF
        else:
            data = bytearray(b"not a kernel")
        path.write_bytes(data)
    again = Outcome(start(folder))
    assert again.compiled == len(files)
    assert again.result == before.result
    assert Outcome(start(folder)).compiled == 0


def test_a_folder_that_can_not_be_written_is_read(warm):
    folder, before = warm
    paths = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        after = Outcome(start(folder))
    finally:
        for path in paths:
            path.chmod(modes[path])
    assert after.compiled == 0
    assert after.result == before.result


def test_a_folder_that_can_not_be_made_does_no_harm(tmp_path, warm):
    _, before = warm
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    outcome = Outcome(start(blocked / "inside"))
    assert outcome.compiled > 0
    np.testing.assert_allclose(outcome.result, before.result)


def test_settings_choose_the_folder_and_switch_it_off(tmp_path, monkeypatch):
    monkeypatch.delenv("FUNCGRAD_CACHE_DIR", raising=False)
    monkeypatch.delenv("FUNCGRAD_CACHE", raising=False)
    with override("compilation_cache_dir", str(tmp_path)):
        assert tmp_path in disk_cache.directory().parents
        disk_cache.store("0" * 64, b"payload")
        assert disk_cache.load("0" * 64) == b"payload"
        with override("enable_compilation_cache", False):
            assert disk_cache.load("0" * 64) is None
    with override("compilation_cache_max_bytes", 0):
        assert disk_cache.max_bytes() == sys.maxsize
