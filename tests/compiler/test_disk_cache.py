import os
import stat
import subprocess
import sys
import time

import pytest

from funcgrad.compiler.build import disk_cache


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCGRAD_CACHE_DIR", str(tmp_path))
    monkeypatch.delenv("FUNCGRAD_CACHE", raising=False)
    monkeypatch.delenv("FUNCGRAD_CACHE_MAX_BYTES", raising=False)
    return tmp_path


def key(index: int) -> str:
    return disk_cache.make_key(str(index), ("test",))


def entries(root):
    return sorted(root.rglob("*.kernel"))


def test_what_is_stored_is_loaded():
    payload = bytes(range(256)) * 3
    disk_cache.store(key(0), payload)
    assert disk_cache.load(key(0)) == payload
    assert disk_cache.load(key(1)) is None


def test_empty_payload():
    disk_cache.store(key(0), b"")
    assert disk_cache.load(key(0)) == b""


def test_storing_again_replaces():
    disk_cache.store(key(0), b"old")
    disk_cache.store(key(0), b"new")
    assert disk_cache.load(key(0)) == b"new"


def test_key_depends_on_each_part():
    keys = {
        disk_cache.make_key("text", ("a", "b")),
        disk_cache.make_key("text", ("ab", "")),
        disk_cache.make_key("text", ("b", "a")),
        disk_cache.make_key("textb", ("a",)),
        disk_cache.make_key("other", ("a", "b")),
    }
    assert len(keys) == 5
    assert disk_cache.make_key("text", ("a", "b")) in keys


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "header", "append"])
def test_damaged_entry_is_removed(root, damage):
    disk_cache.store(key(0), b"payload" * 10)
    (path,) = entries(root)
    data = bytearray(path.read_bytes())
    if damage == "truncate":
        data = data[:-1]
    elif damage == "flip":
        data[-5] ^= 1
    elif damage == "empty":
        data = bytearray()
    elif damage == "header":
        data[0] ^= 1
    else:
        data += b"x"
    path.write_bytes(data)
    assert disk_cache.load(key(0)) is None
    assert not entries(root)
    disk_cache.store(key(0), b"again")
    assert disk_cache.load(key(0)) == b"again"


def test_no_temporary_files_stay(root):
    disk_cache.store(key(0), b"payload")
    assert not list(root.rglob("*.tmp"))


def test_temporary_file_goes_when_writing_fails(root, monkeypatch):
    def fail(*paths):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    disk_cache.store(key(0), b"payload")
    assert disk_cache.load(key(0)) is None
    assert not list(root.rglob("*.tmp"))


@pytest.mark.parametrize("setting", ["0", "off", "false", "False"])
def test_switched_off(root, monkeypatch, setting):
    disk_cache.store(key(0), b"payload")
    monkeypatch.setenv("FUNCGRAD_CACHE", setting)
    assert disk_cache.load(key(0)) is None
    disk_cache.store(key(1), b"payload")
    assert len(entries(root)) == 1


def test_directory_that_cannot_be_written(tmp_path, monkeypatch):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    monkeypatch.setenv("FUNCGRAD_CACHE_DIR", str(in_the_way / "cache"))
    disk_cache.store(key(0), b"payload")
    assert disk_cache.load(key(0)) is None
    assert disk_cache.statistics().entries == 0
    disk_cache.clear()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_read_only_directory(root):
    disk_cache.store(key(0), b"payload")
    folders = [path for path in root.rglob("*") if path.is_dir()] + [root]
    for folder in folders:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert disk_cache.load(key(0)) == b"payload"
        disk_cache.store(key(1), b"payload")
        assert disk_cache.load(key(1)) is None
    finally:
        for folder in folders:
            folder.chmod(stat.S_IRWXU)


def test_eviction_removes_what_was_used_longest_ago(root):
    for index in range(4):
        disk_cache.store(key(index), bytes(1000))
        path = disk_cache._path(key(index), "kernel")
        os.utime(path, (time.time() - 1000 + index,) * 2)
    assert disk_cache.load(key(0)) is not None  # used again: now the newest
    disk_cache.evict(2200)
    left = [index for index in range(4) if disk_cache.load(key(index)) is not None]
    assert left == [0, 3]


def test_storing_keeps_the_size_bounded(root, monkeypatch):
    monkeypatch.setenv("FUNCGRAD_CACHE_MAX_BYTES", "20000")
    for index in range(400):
        disk_cache.store(key(index), bytes(1000))
    # A scan comes at one store in sixteen on average, so a little more may lie there.
    assert disk_cache.statistics().bytes < 20000 + 100 * 1048
    disk_cache.evict(disk_cache.max_bytes())
    assert disk_cache.statistics().bytes <= 20000


def test_storing_looks_at_one_folder_where_its_share_is_large(root, monkeypatch):
    monkeypatch.setattr(disk_cache, "_LEAST_SHARE", 3000)
    monkeypatch.setenv("FUNCGRAD_CACHE_MAX_BYTES", str(256 * 3000))
    elsewhere = [f"cd{index:02}{'f' * 60}" for index in range(5)]
    for name in elsewhere:
        disk_cache.store(name, bytes(1000))
    here = [f"ab{index:02}{'0' * 60}" for index in range(5)]
    for index, name in enumerate(here):
        disk_cache.store(name, bytes(1000))
        os.utime(disk_cache._path(name, "kernel"), (time.time() - 1000 + index,) * 2)
    assert [disk_cache.load(name) is not None for name in here] == [0, 0, 0, 1, 1]
    assert all(disk_cache.load(name) is not None for name in elsewhere)


def test_stale_temporary_files_are_removed(root):
    disk_cache.store(key(0), b"payload")
    folder = entries(root)[0].parent
    old, young = folder / "old.tmp", folder / "young.tmp"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    os.utime(old, (time.time() - 2 * 3600,) * 2)
    disk_cache.evict(disk_cache.max_bytes())
    assert not old.exists()
    assert young.exists()


def test_clear_and_statistics(root):
    before = disk_cache.statistics()
    for index in range(3):
        disk_cache.store(key(index), b"12345")
    disk_cache.load(key(0))
    disk_cache.load(key(9))
    after = disk_cache.statistics()
    assert after.directory.is_relative_to(root)
    assert (after.entries, after.bytes) == (3, 3 * (8 + 32 + 5))
    assert after.stores - before.stores == 3
    assert after.hits - before.hits == 1
    assert after.misses - before.misses == 1
    disk_cache.clear()
    assert disk_cache.statistics().entries == 0
    assert disk_cache.load(key(0)) is None


@pytest.mark.parametrize(
    ("setting", "expected"), [("123", 123), ("", 2**29), ("much", 2**29), ("0", 0)]
)
def test_max_bytes(monkeypatch, setting, expected):
    monkeypatch.setenv("FUNCGRAD_CACHE_MAX_BYTES", setting)
    assert disk_cache.max_bytes() == expected


@pytest.mark.parametrize(
    ("platform", "variable", "tail"),
    [
        ("linux", "XDG_CACHE_HOME", "funcgrad"),
        ("win32", "LOCALAPPDATA", "funcgrad"),
        ("darwin", "HOME", "Library/Caches/funcgrad"),
    ],
)
def test_platform_directory(monkeypatch, tmp_path, platform, variable, tail):
    monkeypatch.setenv("FUNCGRAD_CACHE_DIR", "")
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    assert disk_cache.directory() == tmp_path / tail / "v2"


HAMMER = """
import random, sys
from funcgrad.compiler.build import disk_cache
random.seed(int(sys.argv[1]))
for _ in range(400):
    index = random.randrange(12)
    key = disk_cache.make_key(str(index), ("hammer",))
    payload = bytes([index]) * 3000
    action = random.randrange(8)
    if action == 0:
        disk_cache.evict(random.randrange(40000))
    elif action == 1:
        disk_cache.clear()
    elif action < 5:
        disk_cache.store(key, payload)
    else:
        assert disk_cache.load(key) in (None, payload)
print("ok", disk_cache.statistics().hits > 0)
"""


def test_processes_share_the_directory(root):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HAMMER, str(seed)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(3)
    ]
    results = [process.communicate(timeout=60) for process in processes]
    assert results == [("ok True\n", "")] * 3
    for path in entries(root):
        assert disk_cache._unpack(path.read_bytes()) is not None
    assert not list(root.rglob("*.tmp"))
