"""The workloads, family by family, in the order of the table."""

from __future__ import annotations

from benchmarks.workloads import (
    arrays,
    calls,
    compiling,
    elementwise,
    learning,
    loops,
    science,
)
from benchmarks.workloads.workload import Workload

FAMILIES: dict[str, list[Workload]] = {
    "calls": calls.WORKLOADS,
    "compiling": compiling.WORKLOADS,
    "elementwise": elementwise.WORKLOADS,
    "learning": learning.WORKLOADS,
    "loops": loops.WORKLOADS,
    "science": science.WORKLOADS,
    "arrays": arrays.WORKLOADS,
}

WORKLOADS = [workload for family in FAMILIES.values() for workload in family]
