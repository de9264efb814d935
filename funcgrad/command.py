"""The command ``funcgrad``: what is installed, the cache of compiled code, a check."""

import argparse
import sys
from collections.abc import Sequence

from funcgrad.api.environment import cache_size, info
from funcgrad.compiler.build import disk_cache
from funcgrad.testing.selftest import CHECKS, run_check


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


def _cache(what: str) -> str:
    if what == "path":
        return str(disk_cache.directory())
    size = cache_size()
    if what == "size":
        return size
    disk_cache.clear()
    return f"removed {size} from {disk_cache.directory()}"


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
