"""What holds a process to a number of threads, whatever library it uses."""

from __future__ import annotations

import os

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "FUNCGRAD_THREADS",
)


def environment(threads: int) -> dict[str, str]:
    """The variables of this process, with those that pools of threads are sized by."""
    return dict(os.environ) | dict.fromkeys(VARIABLES, str(threads))


def restrict(threads: int) -> None:
    """Leave this process so many processors, before it imports a library.

    Pools that read no variable, as XLA's, are sized by the processors they may use.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
