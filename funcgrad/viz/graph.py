"""`graph`: a function and its arguments in, a picture of their computation out."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from funcgrad import tree
from funcgrad.api.arguments import FlatFunction, aval_of_argument, leaf_labels, name_of
from funcgrad.core.trace import new_trace
from funcgrad.viz.backward import differentiate
from funcgrad.viz.figure import save_figure
from funcgrad.viz.folding import Folding, fold_ranges
from funcgrad.viz.marks import mark
from funcgrad.viz.model import Program
from funcgrad.viz.page import page
from funcgrad.viz.record import RecordTrace
from funcgrad.viz.scene import Scene, compose
from funcgrad.viz.svg import svg
from funcgrad.viz.text import as_dot, as_mermaid, as_text
from funcgrad.viz.wording import node_text, short

SHOWN = 40
"""At most so many boxes in a picture before groups stay folded; loops always do."""


class Graph:
    """A computation with forward values and derivatives, to look at.

    `graph` makes it. A notebook shows it as a picture, ``print`` as text.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def f(a, b, c):
    ...     d = 2 * b
    ...     e = a + d
    ...     return c * e
    >>> picture = fg.graph(f)(3.0, 1.0, -2.0)
    >>> picture.derivatives["d"]
    np.float64(-2.0)
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._folding = Folding(program)

    @property
    def values(self) -> dict[str, Any]:
        """Forward values by name, in the order of computation.

        Returns
        -------
        dict of str to array
        """
        return {node.name: node.value for node in self.program.nodes}

    @property
    def derivatives(self) -> dict[str, Any]:
        """Derivatives of the result with respect to every node that has one, by name.

        Returns
        -------
        dict of str to array
        """
        return {
            node.name: node.derivative
            for node in self.program.nodes
            if node.derivative is not None
        }

    def table(self) -> list[dict[str, Any]]:
        """Nodes as rows of data.

        Returns
        -------
        list of dict
            With keys ``name``, ``kind``, ``operation``, ``expression``, ``value``,
            ``derivative``, ``operands`` (names), ``local`` (local derivatives by
            operand), ``flow`` (what goes back to each operand), ``group``, ``line`` and
            ``marks``. Operands that appear twice have their local derivatives added.
        """
        nodes, incoming = self.program.nodes, self.program.incoming()
        rows = []
        for node in nodes:
            local: dict[str, Any] = {}
            flow: dict[str, Any] = {}
            for edge in incoming[node.id]:
                source = nodes[edge.source].name
                for found, what in ((local, edge.local), (flow, edge.flow)):
                    if what is not None:
                        found[source] = (
                            found[source] + what if source in found else what
                        )
            path = [self.program.groups[g] for g in self.program.ancestors(node.group)]
            rows.append(
                {
                    "name": node.name,
                    "kind": node.kind,
                    "operation": node.operation,
                    "expression": node.expression,
                    "value": node.value,
                    "derivative": node.derivative,
                    "operands": [nodes[e.source].name for e in incoming[node.id]],
                    "local": local,
                    "flow": flow,
                    "group": "/".join(
                        g.name for g in path[-2::-1] if g.kind != "range"
                    ),
                    "line": None if node.line is None else str(node.line),
                    "marks": list(node.marks),
                }
            )
        return rows

    @property
    def description(self) -> str:
        """The alternative text of the picture.

        Returns
        -------
        str
        """
        program = self.program
        inputs = [n.name for n in program.nodes if n.kind == "input"]
        names = ", ".join(inputs[:8]) + (", …" if len(inputs) > 8 else "")
        count = len(program.nodes) - len(inputs)
        text = f"{count} operations on {names}"
        results = [program.nodes[i] for i in program.outputs[:4]]
        text += "".join(f"; {n.name} = {short(n.value)}" for n in results)
        if program.loss is not None:
            given = [
                f"d{program.loss_name}/d{n.name} = {short(n.derivative)}"
                for n in program.nodes
                if n.kind == "input" and n.derivative is not None
            ]
            text += "; " + ", ".join(given[:8])
        return text + "."

    def _opened(self, unfold: int | None) -> set[int]:
        limit = SHOWN if unfold is None else unfold
        return self._folding.open_groups(limit, loops=unfold is not None)

    def _scene(self, unfold: int | None = None) -> Scene:
        return compose(self.program, self._folding, self._opened(unfold))

    @property
    def _title(self) -> str:
        return f"Computation graph of {self.program.groups[0].name}"

    def _hovers(self) -> dict[tuple[str, int], str]:
        outgoing = self.program.outgoing()
        return {
            ("n", n.id): node_text(self.program, n, outgoing[n.id])
            + (f"\n{Path(n.line.file).name}:{n.line.line}" if n.line else "")
            for n in self.program.nodes
        }

    def svg(self, unfold: int | None = None) -> str:
        """The picture as SVG.

        Parameters
        ----------
        unfold : int, optional
            Groups open, outer ones first, while at most this many boxes show. By
            default about 40, and loops stay folded.

        Returns
        -------
        str
        """
        return svg(self._scene(unfold), self._title, self.description, self._hovers())

    def _repr_svg_(self) -> str:
        return self.svg()

    def dot(self, unfold: int | None = None) -> str:
        """The graph in Graphviz's language; takes what `svg` takes.

        Returns
        -------
        str
        """
        return as_dot(
            self.program, self._folding, self._opened(unfold), self.description
        )

    def mermaid(self, unfold: int | None = None) -> str:
        """The graph as a Mermaid flowchart; takes what `svg` takes.

        Returns
        -------
        str
        """
        return as_mermaid(
            self.program, self._folding, self._opened(unfold), self.description
        )

    def html(self, unfold: int | None = None) -> str:
        """An interactive page in one file; takes what `svg` takes.

        Returns
        -------
        str
        """
        opened = self._opened(unfold)
        return page(self.program, opened, self._title, self.description)

    def __str__(self) -> str:
        return as_text(self.program, self._folding, self._opened(None))

    def __repr__(self) -> str:
        return f"<{self._title}: {self.description}>"

    def save(self, path: str | Path, *, unfold: int | None = None) -> None:
        """Write the graph to a file in the format that its name ends with.

        Parameters
        ----------
        path : path
            Ends with ``.svg``, ``.html``, ``.dot``, ``.mmd``, ``.txt``, ``.png`` or
            ``.pdf``; the last two are drawn by matplotlib.
        unfold : int, optional
            Groups open, outer ones first, while at most this many boxes show. By
            default about 40, and loops stay folded.

        Raises
        ------
        ValueError
            For another ending.
        ImportError
            For ``.png`` and ``.pdf`` where matplotlib is not installed.
        """
        path = Path(path)
        writers: dict[str, Callable[[int | None], str]] = {
            ".svg": self.svg,
            ".html": self.html,
            ".dot": self.dot,
            ".mmd": self.mermaid,
            ".txt": lambda unfold: f"{self}\n",
        }
        ending = path.suffix.lower()
        if ending in {".png", ".pdf"}:
            save_figure(self._scene(unfold), path, self._title)
        elif ending in writers:
            path.write_text(writers[ending](unfold), encoding="utf-8", newline="\n")
        else:
            known = ", ".join([*writers, ".png", ".pdf"])
            raise ValueError(f"{path.name!r} ends with none of {known}")


def graph(fun: Callable[..., Any], *, unroll: int = 16) -> Callable[..., Graph]:
    """A function that gives the computation graph of ``fun`` for its arguments.

    The nodes of the graph are inputs and operations, with their forward values and
    the user's names. Where the result is one real number, every edge has the local
    derivative and what flows back along it.

    Parameters
    ----------
    fun : callable
        Its arguments and results are arrays, numbers and containers of them. It runs
        once, on concrete values, so ``if`` and ``for`` of Python work.
    unroll : int
        Loops of at most this many trips are shown trip by trip; longer ones are one
        operation.

    Returns
    -------
    callable
        With the arguments of ``fun``; returns a `Graph`.

    Raises
    ------
    UnsupportedDTypeError
        Where an argument is not an array or a number.

    Examples
    --------
    >>> import funcgrad as fg
    >>> def f(a, b, c):
    ...     d = 2 * b
    ...     e = a + d
    ...     return c * e
    >>> print(fg.graph(f)(3.0, 1.0, -2.0))
    forward
      a = 3
      b = 1
      c = -2
      d = 2 * b = 2
      e = a + d = 5
      L = c * e = -10
    backward
      dL/dL = 1
      dL/de = dL/dL · dL/de = 1 · (-2) = -2
      dL/dd = dL/de · de/dd = -2 · 1 = -2
      dL/dc = dL/dL · dL/dc = 1 · 5 = 5
      dL/db = dL/dd · dd/db = -2 · 2 = -4
      dL/da = dL/de · de/da = -2 · 1 = -2
    """

    @functools.wraps(fun)
    def drawn(*args: Any, **kwargs: Any) -> Graph:
        leaves, in_tree = tree.flatten((tuple(args), kwargs))
        labels = leaf_labels(fun, args, kwargs)
        caller = name_of(fun)
        for leaf, label in zip(leaves, labels, strict=True):
            aval_of_argument(leaf, label, caller)
        flat = FlatFunction(fun, in_tree)
        recorder = RecordTrace(caller, unroll, sys._getframe())
        with np.errstate(all="ignore"), new_trace(recorder) as trace:
            traced = [trace.input(x, n) for x, n in zip(leaves, labels, strict=True)]
            results = flat(*traced)
            trace.finish(results)
        program = trace.program
        differentiate(program, trace.records)
        mark(program, trace.records)
        fold_ranges(program)
        return Graph(program)

    return drawn
