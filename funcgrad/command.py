"""The command ``funcgrad``: what is installed, the cache of compiled code, a check."""

import argparse
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from funcgrad.compiler.build import disk_cache
from funcgrad.compiler.build.executable import vector_bytes
from funcgrad.compiler.build.host import host
from funcgrad.config import config
from funcgrad.testing.selftest import CHECKS, run_check

_PACKAGES = ("funcgrad", "numpy", "scipy", "numba", "llvmlite")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the command's name; those of the process by default.

    Returns
    -------
    int
        0, or 1 where the self-test failed; the exit status.

    Examples
    --------
    >>> main(["info"])  # doctest: +ELLIPSIS
    funcgrad    ...
    0
    """
    parser = argparse.ArgumentParser(prog="funcgrad", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="versions, processor, threads, cache")
    cache = commands.add_parser("cache", help="the compiled code on disk")
    cache.add_argument("what", choices=["path", "size", "clear"])
    commands.add_parser("selftest", help="check this installation, in seconds")
    options = parser.parse_args(arguments)
    if options.command == "info":
        return _say(info())
    if options.command == "cache":
        return _say(_cache(options.what))
    return selftest()


def _say(text: str) -> int:
    sys.stdout.write(text + "\n")
    return 0


def version(package: str) -> str:
    """The installed version; a checkout on the path need not be installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "a checkout" if package == "funcgrad" else "not installed"


def info() -> str:
    """What a report of a bug should say about the machine, a line for each fact."""
    stats = disk_cache.statistics()
    state = "on" if disk_cache.is_enabled() else "off"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    facts = {
        **{package: version(package) for package in _PACKAGES},
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "system": platform.platform(),
        "processor": f"{host().environment[4]}, {8 * vector_bytes()}-bit vectors",
        "cores": f"{cores or os.cpu_count()} of {os.cpu_count()}",
        "threads": str(config.threads or "one per core"),
        "cache": f"{state}, {stats.directory}",
        "cache size": f"{stats.entries} programs, {stats.bytes / 2**20:.1f} MiB",
        "C compiler": shutil.which("cc") or "none (only needed to export C)",
    }
    return "\n".join(f"{name:<12}{fact}" for name, fact in facts.items())


def _cache(what: str) -> str:
    stats = disk_cache.statistics()
    if what == "path":
        return str(stats.directory)
    size = f"{stats.entries} programs, {stats.bytes / 2**20:.1f} MiB"
    if what == "size":
        return size
    disk_cache.clear()
    return f"removed {size} from {Path(stats.directory)}"


def selftest() -> int:
    """Run every check, a line for each; 1 where one failed."""
    failed = 0
    for name in CHECKS:
        seconds, problem = run_check(name)
        failed += problem is not None
        sys.stdout.write(f"{'ok' if problem is None else 'FAILED':<8}{name}")
        sys.stdout.write(f" ({seconds:.2f} s)\n")
        if problem is not None:
            sys.stdout.write("        " + problem.replace("\n", "\n        ") + "\n")
    total = len(CHECKS)
    sys.stdout.write(f"{total - failed} of {total} checks passed\n")
    return int(failed > 0)
