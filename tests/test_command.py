"""The command ``funcgrad``: facts, the cache, and a self-test that can fail."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.command import main
from funcgrad.compiler.build import disk_cache
from funcgrad.testing import selftest


def test_info_names_versions_processor_threads_and_cache(capsys):
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    facts = {line[:12].strip(): line[12:] for line in printed.splitlines()}
    assert facts["numpy"] == np.__version__
    assert "-bit vectors" in facts["processor"]
    assert str(disk_cache.directory()) in facts["cache"]
    assert {"threads", "numba", "llvmlite", "python"} <= facts.keys()


@pytest.fixture
def empty_cache(tmp_path):
    before = fg.config.compilation_cache_dir
    fg.config.update("compilation_cache_dir", str(tmp_path))
    yield
    fg.config.update("compilation_cache_dir", before)


def test_cache_is_measured_and_cleared(capsys, empty_cache, tmp_path):
    disk_cache.store(disk_cache.make_key("a", []), b"12345678")
    assert main(["cache", "path"]) == 0
    assert capsys.readouterr().out.startswith(str(tmp_path))
    main(["cache", "size"])
    assert capsys.readouterr().out.startswith("1 programs")
    main(["cache", "clear"])
    assert capsys.readouterr().out.startswith("removed 1 programs")
    main(["cache", "size"])
    assert capsys.readouterr().out.startswith("0 programs")


def test_selftest_passes_and_says_so(capsys):
    assert main(["selftest"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("ok ") == len(selftest.CHECKS)
    assert "FAILED" not in printed


def test_selftest_fails_where_a_check_does(capsys, monkeypatch):
    def wrong():
        raise AssertionError("this machine can not add")

    monkeypatch.setattr(selftest, "CHECKS", {"addition": wrong})
    monkeypatch.setattr("funcgrad.command.CHECKS", {"addition": wrong})
    assert main(["selftest"]) == 1
    printed = capsys.readouterr().out
    assert "FAILED  addition" in printed
    assert "this machine can not add" in printed
    assert "0 of 1 checks passed" in printed


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "funcgrad", "cache", "path"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(disk_cache.directory())


def test_an_unknown_word_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["make-coffee"])
    assert "invalid choice" in capsys.readouterr().err
