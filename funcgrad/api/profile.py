"""Where time and memory go: a function and arguments -> seconds and bytes per line."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from funcgrad import tree
from funcgrad.api.jit import JitFunction, jit
from funcgrad.compiler.lower.timed import NOWHERE, Line
from funcgrad.compiler.timed_program import LineCosts, TimedExecutable
from funcgrad.config import modes
from funcgrad.transforms.stage import hoist_consts

_NO_COSTS = LineCosts(0.0, 0, 0)
_ELSEWHERE = "(no line of yours)"


@dataclass(frozen=True)
class ProfileRow:
    """What one line of the user's takes.

    Attributes
    ----------
    file, line, function : str, int, str
        Where it is; empty and 0 for what belongs to no line.
    text : str
        The line.
    share : float
        Part of all the program's time, from 0 to 1.
    seconds : float
    forward, backward : float
        The two parts of ``seconds``: the line itself, and derivatives carried back
        through it.
    calls : int
        How often a loop nest, a kernel, or a run of code on registers worked for it.
    nbytes : int
        Memory that the program sets aside for it.
    """

    file: str
    line: int
    function: str
    text: str
    share: float
    seconds: float
    forward: float
    backward: float
    calls: int
    nbytes: int


class Profile:
    """Seconds and bytes of each line; shows itself as a table.

    Attributes
    ----------
    rows : list of ProfileRow
        The dearest line first; what belongs to no line, last.
    result : pytree
        What the function gave.
    seconds : float
        Time inside the program; the sum of the rows'.
    call_seconds : float
        Time of the whole call, with what Python does before and after.
    peak_bytes : int
        Memory in use at one time besides the arguments.
    """

    def __init__(
        self,
        costs: dict[Line, LineCosts],
        result: Any,
        call_seconds: float,
        peak_bytes: int,
    ) -> None:
        self.result = result
        self.call_seconds = call_seconds
        self.peak_bytes = peak_bytes
        self.seconds = sum(cost.seconds for cost in costs.values())
        places = {None if x.source is None else tuple(x.source): x for x in costs}
        rows = [
            self._row(x, costs.get(Line(x.source, False)), costs.get(_back(x)))
            for place, x in places.items()
            if place is not None
        ]
        self.rows = sorted(rows, key=lambda row: (-row.seconds, row.file, row.line))
        self.rows.append(self._row(NOWHERE, costs[NOWHERE], None))

    def _row(
        self, line: Line, ahead: LineCosts | None, back: LineCosts | None
    ) -> ProfileRow:
        ahead, back = ahead or _NO_COSTS, back or _NO_COSTS
        seconds = ahead.seconds + back.seconds
        source = line.source
        return ProfileRow(
            file="" if source is None else source.file,
            line=0 if source is None else source.line,
            function="" if source is None else source.function,
            text=_ELSEWHERE if source is None else source.text,
            share=seconds / self.seconds if self.seconds else 0.0,
            seconds=seconds,
            forward=ahead.seconds,
            backward=back.seconds,
            calls=ahead.calls + back.calls,
            nbytes=ahead.nbytes + back.nbytes,
        )

    def table(self) -> list[dict[str, Any]]:
        """The rows as dicts, as a data frame takes them."""
        return [dict(vars(row)) for row in self.rows]

    def _cells(self) -> list[tuple[str, ...]]:
        has_backward = any(row.backward for row in self.rows)
        head = ["line", "share", "seconds", "calls", "bytes", "text"]
        if has_backward:
            head[3:3] = ["forward", "backward"]
        cells = [tuple(head)]
        for row in self.rows:
            parts = [_seconds(row.forward), _seconds(row.backward)]
            cells.append(
                (
                    f"{row.file.rpartition('/')[2]}:{row.line}" if row.file else "",
                    f"{100 * row.share:.1f} %",
                    _seconds(row.seconds),
                    *(parts if has_backward else ()),
                    str(row.calls),
                    _bytes(row.nbytes),
                    row.text if len(row.text) <= 60 else f"{row.text[:57]}...",
                )
            )
        return cells

    def _summary(self) -> str:
        return (
            f"{_seconds(self.seconds)} in the program, {_seconds(self.call_seconds)} "
            f"in the call, at most {_bytes(self.peak_bytes)} at one time"
        )

    def __str__(self) -> str:
        cells = self._cells()
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [
            "  ".join(
                [
                    row[0].ljust(widths[0]),
                    *(x.rjust(w) for x, w in zip(row[1:-1], widths[1:-1], strict=True)),
                    row[-1],
                ]
            )
            for row in cells
        ]
        return "\n".join([*lines, self._summary()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        import html

        def row(kind: str, cells: tuple[str, ...]) -> str:
            *numbers, text = [html.escape(cell) for cell in cells]
            made = "".join(f"<{kind}>{cell}</{kind}>" for cell in numbers)
            left = ' style="text-align: left"'
            return f"<tr>{made}<{kind}{left}><code>{text}</code></{kind}></tr>"

        head, *body = self._cells()
        caption = f"<caption>{html.escape(self._summary())}</caption>"
        rows = "".join(row("td", cells) for cells in body)
        return (
            f"<table>{caption}<thead>{row('th', head)}</thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def _back(line: Line) -> Line:
    return Line(line.source, True)


def _seconds(x: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if x >= size:
            return f"{x / size:.3g} {unit}"
    return f"{x * 1e9:.3g} ns"


def _bytes(n: int) -> str:
    if n < 1024:
        return f"{n} B"
    size, unit = n / 1024, "KiB"
    for larger in ("MiB", "GiB"):
        if size >= 1024:
            size, unit = size / 1024, larger
    return f"{size:.3g} {unit}"


def profile(f: Callable[..., Any], *, runs: int = 3) -> Callable[..., Profile]:
    """Make a function that tells where the time and memory of ``f`` go.

    A variant of the compiled program is made that reads the processor's clock before
    and after each loop nest, each call of a kernel and each run of code on registers,
    also inside of loops. The time of a nest that several lines are fused into is shared
    among them in proportion to what their operations cost. Other calls of ``f`` run the
    program without clocks.

    Parameters
    ----------
    f : callable
        Takes and gives pytrees of arrays; compiled by `jit` or not, and may be a
        gradient: derivatives carried back count for the line that they are derivatives
        of, in a column of their own.
    runs : int
        How often it is run; the quickest run is shown. A program with effects runs
        once.

    Returns
    -------
    callable
        Takes the arguments of ``f``, and gives a `Profile`, which prints as a table.

    Raises
    ------
    ValueError
        If ``runs`` is less than 1.

    Notes
    -----
    A reading takes some 10 ns, which counts for the line that follows. A loop whose
    body works on registers alone is timed as a whole, and shared out by the
    instructions of its lines, so ``calls`` counts it once. Where threads share a nest,
    its time is that of the clock on the wall.

    Examples
    --------
    >>> import numpy as np
    >>> import funcgrad as fg
    >>> def f(x):
    ...     y = x + 1.0
    ...     return np.sum(np.sin(y) * np.cos(x) ** 3.3)
    >>> shown = fg.profile(f)(np.ones(10000))
    >>> shown.rows[0].text
    'return np.sum(np.sin(y) * np.cos(x) ** 3.3)'
    >>> bool(np.isclose(sum(row.share for row in shown.rows), 1.0))
    True
    """
    if runs < 1:
        raise ValueError(f"runs must be at least 1, not {runs}")
    function = f if isinstance(f, JitFunction) else jit(f)

    def profiled(*args: Any, **kwargs: Any) -> Profile:
        modes.change(1)  # lines of derivatives are noted down, too
        try:
            lowered = function.lower(*args, **kwargs)
        finally:
            modes.change(-1)
        consts, program = hoist_consts(lowered.jaxpr)
        operands = [*consts, *tree.leaves(function.dynamic(args, kwargs))]
        executable = TimedExecutable(program)
        count = 1 if program.effects else runs
        found: Profile | None = None
        for _ in range(count):
            executable.reset()
            start = time.perf_counter()
            results = executable(*operands)
            elapsed = time.perf_counter() - start
            result = lowered.out_tree.unflatten(results)
            costs, peak = executable.costs(), executable.peak_bytes()
            made = Profile(costs, result, elapsed, peak)
            if found is None or made.seconds < found.seconds:
                found = made
        assert found is not None
        return found

    return profiled
