"""A live bar for compiled loops: ``scan`` or ``fori_loop`` in, the same with a bar out.

The loop runs in blocks, and only between blocks is Python called: a step costs what it
costs without a bar.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from funcgrad import errors, ops, tree
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer
from funcgrad.ops.control.callback import debug_callback
from funcgrad.ops.control.loops import fori_loop, scan


class Bar(Protocol):
    """What shows progress: ``tqdm.tqdm`` is one."""

    def update(self, n: int) -> object:
        """Add ``n`` finished steps."""

    def close(self) -> object:
        """The loop has ended."""


def progress(
    loop: Callable[..., Any],
    description: str = "",
    *,
    updates: int = 20,
    bar: Callable[..., Bar] | None = None,
) -> Callable[..., Any]:
    """Give ``scan`` or ``fori_loop`` a live bar that works in compiled code.

    Parameters
    ----------
    loop : callable
        ``fg.lax.scan`` or ``fg.lax.fori_loop``.
    description : str
        Stands before the bar.
    updates : int
        About how often it moves.
    bar : callable, optional
        ``bar(total=n, desc=description)`` makes an object with ``update(n)`` and
        ``close()``. By default tqdm's, if it is installed, or else a line of text on
        standard error.

    Returns
    -------
    callable
        Takes what ``loop`` takes, and gives what it gives. It can be differentiated
        (the bar shows the forward pass), batched and compiled.

    Raises
    ------
    StaticArgumentError
        If ``loop`` is another function.

    Notes
    -----
    Trips are run in blocks, and a block ends with a call of Python, some 20
    microseconds. Results of each trip are put together from those of the blocks; that
    is a copy only where no number of blocks near ``updates`` divides the trips.

    Examples
    --------
    >>> import funcgrad as fg
    >>> shown = []
    >>> class Percent:
    ...     def __init__(self, total, desc):
    ...         self.total = total
    ...     def update(self, n):
    ...         shown.append(round(100 * n / self.total))
    ...     def close(self):
    ...         shown.append("done")
    >>> @fg.jit
    ... def total(n):
    ...     loop = fg.progress(fg.lax.fori_loop, updates=4, bar=Percent)
    ...     return loop(0, 100, lambda i, s: s + i * n, 0.0)
    >>> print(total(2.0), shown)
    9900.0 [25, 25, 25, 25, 'done']
    """
    wrappers: dict[Any, Callable[..., Any]] = {
        scan: _scan_in_blocks,
        fori_loop: _fori_in_blocks,
    }
    if loop not in wrappers:
        raise errors.StaticArgumentError(
            errors.message(
                "progress wraps loops whose number of trips is known when they start.",
                where=user_frame(),
                got=repr(loop),
                expected="funcgrad.lax.scan or funcgrad.lax.fori_loop",
                see=errors.StaticArgumentError.page,
            )
        )
    display = _Display(description, bar or _default_bar())
    return functools.wraps(loop)(
        functools.partial(wrappers[loop], display, max(1, updates))
    )


class _Display:
    """The bars of one wrapped loop; threads that run it have one each."""

    def __init__(self, description: str, make: Callable[..., Bar]) -> None:
        self.description, self.make = description, make
        self.bars: dict[int, Bar] = {}
        self.done: dict[int, int] = {}

    def show(self, done: Any, total: Any) -> None:
        """Called between blocks: so many of so many trips are finished."""
        done, total = int(done), int(total)
        thread = threading.get_ident()
        if thread not in self.bars or done < self.done[thread]:
            self._open(thread, total)
        if done > self.done[thread]:
            self.bars[thread].update(done - self.done[thread])
            self.done[thread] = done
        if done >= total:
            self.bars.pop(thread).close()

    def _open(self, thread: int, total: int) -> None:
        if thread in self.bars:  # a loop that was left by an exception
            self.bars.pop(thread).close()
        self.bars[thread] = self.make(total=total, desc=self.description)
        self.done[thread] = 0


class TextBar:
    """A line on standard error that is written over."""

    def __init__(self, total: int, desc: str = "") -> None:
        self.total, self.desc, self.done = max(total, 1), desc, 0
        self.start = time.perf_counter()

    def update(self, n: int) -> None:
        """Add ``n`` finished steps."""
        self.done += n
        share = min(1.0, self.done / self.total)
        filled = int(30 * share)
        left = (time.perf_counter() - self.start) * (1.0 - share) / max(share, 1e-9)
        head = f"{self.desc}: " if self.desc else ""
        line = "#" * filled + "-" * (30 - filled)
        sys.stderr.write(f"\r{head}{line} {100 * share:3.0f} %, {left:.0f} s left ")
        sys.stderr.flush()

    def close(self) -> None:
        """End the line."""
        sys.stderr.write("\n")


def _default_bar() -> Callable[..., Bar]:
    if importlib.util.find_spec("tqdm") is None:
        return TextBar
    make: Callable[..., Bar] = importlib.import_module("tqdm.auto").tqdm
    return make


def _blocks(trips: int, updates: int) -> int:
    """How many blocks: near ``updates``, and if possible so that they divide trips."""
    if trips <= updates:
        return max(trips, 1)
    near = range(max(1, updates // 2), 2 * updates + 1)
    dividing = [n for n in near if trips % n == 0]
    return min(dividing or [updates], key=lambda n: abs(n - updates))


def _scan_in_blocks(
    display: _Display,
    updates: int,
    f: Callable[..., Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    leaves = tree.leaves(xs)
    trips = len(leaves[0]) if leaves else length
    if not trips:
        return scan(f, init, xs, length, reverse, unroll)
    blocks = _blocks(trips, updates)
    size = trips // blocks
    whole = blocks * size
    # What is left over runs last: the front of the arrays, in reverse.
    first = trips - whole if reverse else 0

    def part(start: int, stop: int) -> Any:
        return tree.map(lambda x: x[start:stop], xs)

    def block(carry: Any, x: Any) -> Any:
        state, done = carry
        state, ys = scan(f, state, x, size, reverse, unroll)
        done = done + size
        debug_callback(display.show, done, trips)
        return (state, done), ys

    rows = tree.map(
        lambda x: ops.reshape(x, (blocks, size, *x.shape[1:])),
        part(first, first + whole),
    )
    debug_callback(display.show, 0, trips)
    (state, _), ys = scan(block, (init, 0), rows, blocks, reverse)
    ys = tree.map(lambda y: ops.reshape(y, (whole, *y.shape[2:])), ys)
    if whole == trips:
        return state, ys
    rest = part(0, first) if reverse else part(whole, trips)
    state, more = scan(f, state, rest, trips - whole, reverse, unroll)
    debug_callback(display.show, trips, trips)

    def joined(ys: Any, more: Any) -> Any:
        return ops.concatenate([more, ys] if reverse else [ys, more], 0)

    return state, tree.map(joined, ys, more)


def _fori_in_blocks(
    display: _Display,
    updates: int,
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
) -> Any:
    if isinstance(lower, Tracer) or isinstance(upper, Tracer):
        return _fori_of_unknown_length(
            display, updates, lower, upper, body_fun, init_val
        )
    trips = int(upper) - int(lower)
    if trips <= 0:
        return fori_loop(lower, upper, body_fun, init_val)
    blocks = _blocks(trips, updates)
    size = trips // blocks

    def block(k: Any, value: Any) -> Any:
        start = k * size + lower
        value = fori_loop(
            0, size, lambda i, v: body_fun(start + i, v), value, unroll=unroll
        )
        debug_callback(display.show, (k + 1) * size, trips)
        return value

    debug_callback(display.show, 0, trips)
    value = fori_loop(0, blocks, block, init_val)
    if blocks * size < trips:
        rest = int(lower) + blocks * size
        value = fori_loop(rest, upper, body_fun, value, unroll=unroll)
        debug_callback(display.show, trips, trips)
    return value


def _fori_of_unknown_length(
    display: _Display,
    updates: int,
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
) -> Any:
    trips = np.maximum(upper - lower, 0)
    size = np.maximum((trips + (updates - 1)) // updates, 1)

    def block(k: Any, value: Any) -> Any:
        start = lower + k * size
        stop = np.minimum(start + size, upper)
        value = fori_loop(start, stop, body_fun, value)
        debug_callback(display.show, stop - lower, trips)
        return value

    debug_callback(display.show, 0, trips)
    return fori_loop(0, (trips + size - 1) // size, block, init_val)
