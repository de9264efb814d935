"""Keeps compiled kernels on disk: object code by key, safe among processes."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from funcgrad.config import config
from funcgrad.settings import SETTINGS, Value

if TYPE_CHECKING:
    from pathlib import Path

# Raised when the layout of a file or what the payload means changes.
_FORMAT = 2
_MAGIC = b"funcgrad"
_DIGEST = 32
_DEFAULT_MAX_BYTES = 512 * 1024 * 1024
# A writer that died leaves its temporary file; none lives as long as this.
_STALE_SECONDS = 3600.0
# Folders are named by the first two digits of the keys in them.
_FOLDERS = 256
_LEAST_SHARE = 1 << 20


class Statistics(NamedTuple):
    """What the cache holds, and what this process got from it."""

    directory: Path
    entries: int
    bytes: int
    hits: int
    misses: int
    stores: int


class _Counts:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.hits = self.misses = self.stores = 0

    def count(self, what: str) -> None:
        with self.lock:
            setattr(self, what, getattr(self, what) + 1)


_counts = _Counts()


def make_key(text: str, environment: Iterable[str]) -> str:
    """Name of the entry for a kernel's text compiled in ``environment``.

    Parameters
    ----------
    text : str
        The kernel.
    environment : iterable of str
        All else the object code depends on: versions, processor, passes.
    """
    import hashlib

    digest = hashlib.sha256()
    for part in (str(_FORMAT), *environment, text):
        data = part.encode()
        # The length keeps ("ab", "c") and ("a", "bc") apart.
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def is_enabled() -> bool:
    """Whether ``FUNCGRAD_CACHE`` and the settings leave the cache on."""
    return config.enable_compilation_cache and os.environ.get(
        "FUNCGRAD_CACHE", "1"
    ).lower() not in ("0", "off", "false")


def directory() -> Path:
    """Where entries are: the setting, ``FUNCGRAD_CACHE_DIR``, or the platform's."""
    from pathlib import Path

    return Path(_folder())


def _folder() -> str:
    """`directory`, without the import that a `Path` costs."""
    root = os.environ.get("FUNCGRAD_CACHE_DIR")
    if config.compilation_cache_dir != _setting("compilation_cache_dir"):
        root = config.compilation_cache_dir
    return os.path.join(root or _platform_directory(), f"v{_FORMAT}")


def _setting(name: str) -> Value:
    return SETTINGS[name].default


def _platform_directory() -> str:
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache")
    return os.path.join(base, "funcgrad")


def load(key: str) -> bytes | None:
    """Payload stored under ``key``, or None.

    A file that is truncated or corrupt is removed and counts as absent. A hit
    marks the entry as recently used.
    """
    payload = _read(key, "kernel")
    if is_enabled():
        _counts.count("misses" if payload is None else "hits")
    return payload


def recall(key: str) -> bytes | None:
    """What `record` keeps under ``key``, or None."""
    return _read(key, "record")


def record(key: str, payload: bytes) -> None:
    """Keep what is no kernel: something small that takes long to find out."""
    _write(key, "record", payload)


def store(key: str, payload: bytes) -> None:
    """Keep ``payload`` under ``key``; do nothing where the directory is read-only.

    The file appears whole or not at all, so processes may store the same key at once.
    """
    if not _write(key, "kernel", payload):
        return
    _counts.count("stores")
    # Measuring at one key in sixteen bounds the size well enough, needs no counter
    # shared among processes, and keeps most stores cheap. Keys are spread evenly over
    # the folders: where the share of each is large enough, one is all there is to do.
    if key[-1] == "0":
        limit = max_bytes()
        share = limit // _FOLDERS
        if share < _LEAST_SHARE:
            evict(limit)
        else:
            evict(share, folder=key[:2])


def max_bytes() -> int:
    """Size that eviction keeps the cache below: ``FUNCGRAD_CACHE_MAX_BYTES``, or the
    setting, where 0 is no limit.
    """
    setting = os.environ.get("FUNCGRAD_CACHE_MAX_BYTES", "")
    if setting.isdigit():
        return int(setting)
    limit = config.compilation_cache_max_bytes
    if limit == _setting("compilation_cache_max_bytes"):
        return _DEFAULT_MAX_BYTES
    return limit or sys.maxsize


def evict(limit: int, folder: str = "*") -> None:
    """Remove the entries used longest ago until the rest is within ``limit`` bytes."""
    entries = [*_files("*.kernel", folder), *_files("*.record", folder)]
    entries.sort(reverse=True)
    total = 0
    for _, size, path in entries:
        total += size
        if total > limit:
            with contextlib.suppress(OSError):
                path.unlink()
    _remove_stale(folder)


def clear() -> None:
    """Remove all entries."""
    for _, _, path in [*_entries(), *_files("*.record")]:
        with contextlib.suppress(OSError):
            path.unlink()
    _remove_stale()


def statistics() -> Statistics:
    """Entries on disk, and hits, misses and stores of this process."""
    sizes = [size for _, size, _ in _entries()]
    return Statistics(
        directory(),
        len(sizes),
        sum(sizes),
        _counts.hits,
        _counts.misses,
        _counts.stores,
    )


def _path(key: str, kind: str) -> str:
    return os.path.join(_folder(), key[:2], f"{key}.{kind}")


def _read(key: str, kind: str) -> bytes | None:
    if not is_enabled():
        return None
    try:
        path = _path(key, kind)
        with open(path, "rb") as file:
            data = file.read()
    except (OSError, RuntimeError):  # RuntimeError: there is no home directory
        return None
    payload = _unpack(data)
    with contextlib.suppress(OSError):
        if payload is None:
            os.unlink(path)
        else:
            os.utime(path)
    return payload


def _write(key: str, kind: str, payload: bytes) -> bool:
    """Whether the payload is on disk now."""
    if not is_enabled():
        return False
    try:
        _write_atomically(_path(key, kind), _pack(payload))
    except (OSError, RuntimeError):
        return False
    return True


def _pack(payload: bytes) -> bytes:
    return _MAGIC + _checksum(payload) + payload


def _checksum(payload: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(payload).digest()


def _unpack(data: bytes) -> bytes | None:
    start = len(_MAGIC) + _DIGEST
    payload = data[start:]
    if data[:start] != _MAGIC + _checksum(payload):
        return None
    return payload


def _write_atomically(path: str, data: bytes) -> None:
    import tempfile

    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder, suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _files(pattern: str, folder: str = "*") -> Iterator[tuple[float, int, Path]]:
    """(time of last use, size, path); files may vanish while we look."""
    with contextlib.suppress(OSError, RuntimeError):
        for path in directory().glob(f"{folder}/{pattern}"):
            with contextlib.suppress(OSError):
                status = path.stat()
                yield status.st_mtime, status.st_size, path


def _entries() -> list[tuple[float, int, Path]]:
    return list(_files("*.kernel"))


def _remove_stale(folder: str = "*") -> None:
    for used, _, path in list(_files("*.tmp", folder)):
        if time.time() - used > _STALE_SECONDS:
            with contextlib.suppress(OSError):
                path.unlink()
