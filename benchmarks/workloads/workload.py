"""What a workload is, and the ways to make its timed call from a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from benchmarks.libraries import Library

Call = Callable[[], Any]
Build = Callable[[Library, int], Call]


@dataclass(frozen=True)
class Workload:
    """A call to time, and what is asked of it.

    Attributes
    ----------
    name : str
    build : callable
        ``build(library, seed)`` does all that is not timed and returns the timed call.
    bars : dict of str to float
        For each peer, how many times its time funcgrad's must go into.
    divisor : int
        Steps or operations in one call: the table shows the time of one.
    fresh : bool
        Whether each repetition needs a new call, with a new seed (compilation does).
    needs : tuple of str
        Attributes of the library that must not be None.
    tolerance : float
        Relative difference allowed between two libraries' results in double precision.
    comparable : bool
        Whether all libraries compute the same numbers.
    apart : tuple of str
        Libraries that compute other numbers: their random numbers are others.
    single : callable or None
        Builds a shorter call whose result is compared in single precision in place of
        the timed one's, where errors of rounding grow with the length of the run.
    """

    name: str
    build: Build
    bars: dict[str, float]
    divisor: int = 1
    fresh: bool = False
    needs: tuple[str, ...] = ("api",)
    tolerance: float = 1e-7
    comparable: bool = True
    single: Build | None = None
    apart: tuple[str, ...] = ()

    def for_library(self, lib: Library) -> Workload:
        """The same with as few steps as an eager library is to run, if it has steps."""
        keywords = getattr(self.build, "keywords", {})
        most = lib.most_steps
        if most is None or keywords.get("steps", 0) <= most:
            return self
        build: Any = self.build
        shorter = partial(build, steps=most)
        return replace(self, build=shorter, divisor=most, apart=(lib.name,))


def jitted(lib: Library, f: Callable[..., Any], args: tuple[Any, ...]) -> Call:
    """A call of ``f``, compiled where the library compiles, on arrays of its own."""
    compiled = f if lib.jit is None else lib.jit(f)
    arrays = lib.arrays(args)
    return lambda: lib.ready(compiled(*arrays))


def forward_or_gradient(
    lib: Library, f: Callable[..., Any], args: tuple[Any, ...], *, gradient: bool
) -> Call:
    """Compile ``f``, a scalar function, or its derivative by the first argument."""
    return jitted(lib, lib.grad(f) if gradient else f, args)


def fused(workload: Workload) -> Workload:
    """The same, where products may be fused with sums, and divisors inverted."""

    def fusing(build: Build) -> Build:
        return lambda lib, seed: build(replace(lib, jit=lib.fused_jit), seed)

    return replace(
        workload,
        name=f"{workload.name}, fused",
        build=fusing(workload.build),
        single=fusing(workload.single) if workload.single else None,
        needs=(*workload.needs, "fused_jit"),
    )


def both_ways(
    name: str,
    build: Callable[..., Call],
    bar: float | tuple[float, float],
    *,
    divisor: int = 1,
    needs: tuple[str, ...] = ("api",),
    tolerance: float = 1e-7,
    single_steps: int | None = None,
    **options: Any,
) -> list[Workload]:
    """The workload forward and its gradient, each with its bar against JAX.

    In single precision results after ``single_steps`` are compared, where given.
    """
    bars = bar if isinstance(bar, tuple) else (bar, bar)

    def of_kind(kind: str, **changes: Any) -> Build:
        return partial(build, gradient=kind == "gradient", **options | changes)

    return [
        Workload(
            name=f"{name}: {kind}" + (", one step" if divisor > 1 else ""),
            build=of_kind(kind),
            bars={"jax": one},
            divisor=divisor,
            needs=needs,
            tolerance=tolerance,
            single=of_kind(kind, steps=single_steps) if single_steps else None,
        )
        for kind, one in zip(("forward", "gradient"), bars, strict=True)
    ]
