"""The machine and the packages that funcgrad runs on, as text."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys

from funcgrad.compiler.build import disk_cache
from funcgrad.compiler.build.executable import vector_bytes
from funcgrad.compiler.build.host import cores, target
from funcgrad.config import config

_PACKAGES = ("funcgrad", "numpy", "scipy", "numba", "llvmlite")


def version(package: str) -> str:
    """The installed version; a checkout on the path need not be installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "a checkout" if package == "funcgrad" else "not installed"


def cache_size() -> str:
    """What the cache of compiled code holds."""
    stats = disk_cache.statistics()
    return f"{stats.entries} programs, {stats.bytes / 2**20:.1f} MiB"


def info() -> str:
    """What a report of a bug should say about the machine, a line for each fact."""
    state = "on" if disk_cache.is_enabled() else "off"
    facts = {
        **{package: version(package) for package in _PACKAGES},
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
        "processor": f"{target().cpu}, {8 * vector_bytes()}-bit vectors",
        "cores": f"{cores()} of {os.cpu_count()}",
        "threads": str(config.threads or "one per core"),
        "cache": f"{state}, {disk_cache.directory()}",
        "cache size": cache_size(),
        "C compiler": shutil.which("cc") or "none (only needed to export C)",
    }
    return "\n".join(f"{name:<12}{fact}" for name, fact in facts.items())


def print_environment_info(return_string: bool = False) -> str | None:
    """Print what a report of a bug should say about the machine.

    Parameters
    ----------
    return_string : bool, optional
        Whether to return the text instead of printing it.

    Returns
    -------
    str or None

    Examples
    --------
    >>> print_environment_info(return_string=True).split()[0]
    'funcgrad'
    """
    if return_string:
        return info()
    sys.stdout.write(info() + "\n")
    return None
