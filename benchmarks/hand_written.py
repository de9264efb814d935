"""Forward passes against loops fused by hand in Numba, with the same mathematics.

    python -m benchmarks.hand_written

Each loop reads its operand once, and uses the polynomials of the compiler's own vector
code, so that what is measured is the loop. Outside of these polynomials, products are
fused with sums in both or in neither. A compiled function should
take no more than 1.1 of the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np

import funcgrad as fg
import funcgrad.numpy as fnp
from benchmarks.libraries import version
from benchmarks.record import HAND_WRITTEN
from benchmarks.results import RESULTS, write
from benchmarks.table import Row
from funcgrad.compiler.emit.vecmath.coefficients import EXP, EXP_AHEAD
from funcgrad.config import config

ROUNDS = 15
MOST = 1.1  # of the time of a loop written by hand
ENTRIES = (10_000, 1_000_000)
LOG2_E = 1.4426950408889634
MAGIC = 1.5 * 2.0**52
HIGH, LOW = 0.6931471803691238, 1.9082149292705877e-10

inlined = numba.njit(fastmath={"contract"}, error_model="numpy", inline="always")


def polynomial(name: str, row: tuple[float, ...]) -> Any:
    """A Numba function of the polynomial with these coefficients, lowest first."""

    def halves(terms: tuple[float, ...]) -> str:
        text = repr(terms[-1])
        for c in terms[-2::-1]:
            text = f"({text} * s + {c!r})"
        return text

    source = f"def {name}(r):\n    s = r * r\n"
    source += f"    return {halves(row[1::2])} * r + {halves(row[::2])}\n"
    space: dict[str, Any] = {}
    exec(source, space)  # noqa: S102
    return inlined(space[name])


exp_tail = polynomial("exp_tail", EXP[8])
tanh_tail = polynomial("tanh_tail", EXP_AHEAD[8])


@inlined
def power_of_two(whole: float) -> float:
    """``2**k`` for the integer in the low bits of ``whole``."""
    biased = np.float64(whole).view(np.int64) + 1023
    return np.int64(biased << 52).view(np.float64)


@inlined
def exp(x: float) -> float:
    """The exponential of a number below 708 in size."""
    whole = x * LOG2_E + MAGIC
    k = whole - MAGIC
    r = (x - k * HIGH) - k * LOW
    return (1.0 + (r + r * r * exp_tail(r))) * power_of_two(whole)


@inlined
def tanh(x: float) -> float:
    """The hyperbolic tangent."""
    twice = 2.0 * min(abs(x), 20.0)
    whole = (twice * LOG2_E - 0.22) + MAGIC
    k = whole - MAGIC
    r = (twice - k * HIGH) - k * LOW
    factor = power_of_two(whole)
    m = factor * (r + r * r * tanh_tail(r)) + (factor - 1.0)
    return np.copysign(m / (m + 2.0), x)


def chain_by_hand(x: Any) -> Any:
    """``tanh(x) * exp(-x) + 1.5 x``."""
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = tanh(x[i]) * exp(-x[i]) + 1.5 * x[i]
    return y


def polynomial_by_hand(x: Any) -> Any:
    """A cubic polynomial."""
    y = np.empty_like(x)
    for i in range(x.size):
        y[i] = ((0.5 * x[i] + 1.0) * x[i] + 2.0) * x[i] - 3.5
    return y


def sum_by_hand(x: Any) -> Any:
    """The sum of squares."""
    total = 0.0
    for i in range(x.size):
        total += x[i] * x[i]
    return total


class Case(NamedTuple):
    """A function, the loop by hand, and Numba's flags for it."""

    function: Callable[[Any], Any]
    loop: Callable[[Any], Any]
    flags: frozenset[str] = frozenset()

    def both(self, *, fused: bool) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
        """The function and the loop, compiled."""
        allowed = {"contract"} if fused else set[str]()
        flags = {*self.flags, *allowed}
        by_hand = numba.njit(self.loop, fastmath=flags, error_model="numpy")
        return fg.jit(self.function, fastmath=allowed), by_hand


CASES = {
    "chain": Case(
        lambda x: fnp.tanh(x) * fnp.exp(-x) + 1.5 * x,
        chain_by_hand,
        frozenset({"contract"}),
    ),
    "polynomial": Case(
        lambda x: ((0.5 * x + 1.0) * x + 2.0) * x - 3.5, polynomial_by_hand
    ),
    "sum of squares": Case(
        lambda x: (x * x).sum(), sum_by_hand, frozenset({"reassoc", "nsz"})
    ),
}


def seconds(call: Callable[[Any], Any], x: Any, repeats: int) -> float:
    """Time of one call."""
    start = time.perf_counter()
    for _ in range(repeats):
        call(x)
    return (time.perf_counter() - start) / repeats


def compare(name: str, entries: int, *, fused: bool) -> Row:
    """Times of a compiled function and of the loop written by hand, in turns."""
    ours, by_hand = CASES[name].both(fused=fused)
    x = np.random.default_rng(0).normal(size=entries)
    np.testing.assert_allclose(ours(x), by_hand(x), rtol=1e-12, atol=1e-12)
    repeats = max(1, 300_000 // entries)
    row = Row(f"{name}, {entries:,}{', fused' * fused}", {"numba": 1.0 / MOST})
    for _ in range(ROUNDS):
        for library, call in (("funcgrad", ours), ("numba", by_hand)):
            row.seconds.setdefault(library, []).append(seconds(call, x, repeats))
    return row


def main() -> None:
    """Print and write the table, measured on one thread."""
    config.update("threads", 1)
    rows = [
        compare(name, entries, fused=fused)
        for name in CASES
        for fused in (False, True)
        for entries in ENTRIES
    ]
    versions = {"funcgrad": version("funcgrad"), "numba": numba.__version__}
    write(rows, versions, RESULTS, f"{HAND_WRITTEN}-1-thread")


if __name__ == "__main__":
    main()
