"""Programs in the parameters of a primitive, and what transforms make of them.

From a jaxpr and which of its inputs have a tangent, a cotangent or a batch axis, to the
jaxpr that rules of calls, branches and loops bind. Results are kept with the jaxpr.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Atom, Jaxpr, eval_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.iota import instantiate
from funcgrad.ops.structural import (
    align_batch,
    move_axis,
)
from funcgrad.transforms.batch import batch_jaxpr, batch_place
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.linearize import LinearizedJaxpr, linearize_jaxpr
from funcgrad.transforms.stage import stage_flat
from funcgrad.transforms.transpose import backward_pass

Flags = tuple[bool, ...]
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def memoized(function: F) -> F:
    """Keep results of a function of a jaxpr and hashable values with the jaxpr."""

    def wrapped(jaxpr: Jaxpr, *args: Any) -> Any:
        key = (function, *args)
        if key not in jaxpr.memo:
            jaxpr.memo[key] = function(jaxpr, *args)
        return jaxpr.memo[key]

    wrapped.__doc__ = function.__doc__
    return wrapped  # type: ignore[return-value]


def is_nonzero(values: Iterable[Any]) -> Flags:
    """Which tangents or cotangents are not known to be zero."""
    return tuple(type(value) is not Zero for value in values)


def select(values: Sequence[T], flags: Sequence[bool]) -> list[T]:
    """The values whose flag is set."""
    return [value for value, flag in zip(values, flags, strict=True) if flag]


def split(values: Sequence[T], *sizes: int) -> list[list[T]]:
    """Consecutive parts of these sizes, and then the rest."""
    parts, start = [], 0
    for size in sizes:
        parts.append(list(values[start : start + size]))
        start += size
    return [*parts, list(values[start:])]


def scatter_zeros(
    values: Sequence[Any], flags: Sequence[bool], avals: Sequence[ShapedArray]
) -> list[Any]:
    """Values where the flag is set, and symbolic zeros of these types elsewhere."""
    given = iter(values)
    return [
        next(given) if flag else Zero(aval.tangent())
        for flag, aval in zip(flags, avals, strict=True)
    ]


class JvpJaxpr(NamedTuple):
    """What ``jvp_jaxpr`` gives."""

    jaxpr: Jaxpr
    """inputs, nonzero tangents -> outputs, nonzero tangents of outputs."""
    out_nonzero: Flags


@memoized
def jvp_jaxpr(jaxpr: Jaxpr, nonzero: Flags, force: Flags) -> JvpJaxpr:
    """Outputs and their tangents; ``force`` names tangents that must be arrays."""
    found: list[Flags] = []
    avals = jaxpr.in_avals

    def function(*args: Any) -> list[Any]:
        primals = args[: len(avals)]
        tangents = scatter_zeros(args[len(avals) :], nonzero, avals)
        outs, out_tangents = jvp(
            lambda *xs: eval_jaxpr(jaxpr, (), *xs), primals, tangents
        )
        out_tangents = [
            instantiate(t) if flag else t
            for t, flag in zip(out_tangents, force, strict=True)
        ]
        found.append(is_nonzero(out_tangents))
        return [*outs, *select(out_tangents, found[-1])]

    staged = stage_flat(function, [*avals, *_tangents(avals, nonzero)])
    return JvpJaxpr(staged, found[-1])


def _tangents(avals: Sequence[ShapedArray], flags: Flags) -> list[ShapedArray]:
    return [aval.tangent() for aval in select(avals, flags)]


@memoized
def linearized(jaxpr: Jaxpr, nonzero: Flags) -> LinearizedJaxpr:
    """``linearize_jaxpr``, kept with the jaxpr."""
    return linearize_jaxpr(jaxpr, nonzero)


@memoized
def transpose_jaxpr(
    jaxpr: Jaxpr, linear: Flags, nonzero: Flags, force: Flags
) -> tuple[Jaxpr, Flags]:
    """(other inputs, nonzero cotangents) -> nonzero cotangents of ``linear`` inputs.

    ``force`` names cotangents, among those of the linear inputs, that must be arrays.
    Tells which of them are not zero.
    """
    found: list[Flags] = []
    residual = tuple(not flag for flag in linear)
    program = Jaxpr(
        tuple(select(jaxpr.invars, residual)),
        tuple(select(jaxpr.invars, linear)),
        jaxpr.eqns,
        jaxpr.outvars,
        jaxpr.effects,
    )
    count = len(program.constvars)

    def function(*args: Any) -> list[Any]:
        cts = scatter_zeros(args[count:], nonzero, jaxpr.out_avals)
        parts = [
            instantiate(ct) if flag else ct
            for ct, flag in zip(
                backward_pass(program, args[:count], cts), force, strict=True
            )
        ]
        found.append(is_nonzero(parts))
        return select(parts, found[-1])

    avals = [v.aval for v in program.constvars]
    staged = stage_flat(function, [*avals, *_tangents(jaxpr.out_avals, nonzero)])
    return staged, found[-1]


@memoized
def batched_jaxpr(
    jaxpr: Jaxpr, size: int, batched: Flags, force: Flags
) -> tuple[Jaxpr, Flags]:
    """``batch_jaxpr``, kept with the jaxpr."""
    result, out_batched = batch_jaxpr(jaxpr, size, batched, force, _align)
    return result, tuple(out_batched)


def _align(x: Any, dim: int | None, size: int) -> Any:
    """A result of a batched program with its batch axis where it belongs."""
    if dim == 1 and typeof(x).is_tape:
        return x
    return align_batch(x, dim, size)


def place_operands(
    jaxpr: Jaxpr, operands: Sequence[Any], dims: Sequence[int | None]
) -> list[Any]:
    """Operands of ``jaxpr`` with batch axes where the batched program has them."""
    return [
        x if dim is None else move_axis(x, dim, batch_place(aval))
        for x, dim, aval in zip(operands, dims, jaxpr.in_avals, strict=True)
    ]


def result_dims(jaxpr: Jaxpr, batched: Sequence[bool]) -> list[int | None]:
    """Batch dimensions of results, where ``jaxpr`` is the program without a batch."""
    return [
        batch_place(aval) if flag else None
        for aval, flag in zip(jaxpr.out_avals, batched, strict=True)
    ]


class Sources(NamedTuple):
    """Where each residual comes from: an input, an output, or a new output."""

    jaxpr: Jaxpr
    """The program with no more outputs than are new."""
    places: tuple[tuple[str, int], ...]
    """``("in", i)``, ``("out", i)`` or ``("new", i)`` for each residual."""


@memoized
def residual_sources(jaxpr: Jaxpr, num_outputs: int) -> Sources:
    """A program whose outputs after the first ``num_outputs`` are residuals.

    Those that are inputs, outputs or given twice are not computed again.
    """
    inputs: dict[Atom, int] = {v: i for i, v in enumerate(jaxpr.invars)}
    outputs: dict[Atom, int] = {}
    for i, atom in enumerate(jaxpr.outvars[:num_outputs]):
        outputs.setdefault(atom, i)
    new: dict[Atom, int] = {}
    places = []
    for atom in jaxpr.outvars[num_outputs:]:
        if atom in inputs:
            places.append(("in", inputs[atom]))
        elif atom in outputs:
            places.append(("out", outputs[atom]))
        else:
            places.append(("new", new.setdefault(atom, len(new))))
    outvars = (*jaxpr.outvars[:num_outputs], *new)
    pruned = Jaxpr((), jaxpr.invars, jaxpr.eqns, outvars, jaxpr.effects)
    return Sources(pruned, tuple(places))


def find_residuals(
    sources: Sources, inputs: Sequence[Any], outputs: Sequence[Any], new: Sequence[Any]
) -> list[Any]:
    """The residuals' values, from the values at each kind of place."""
    tables = {"in": inputs, "out": outputs, "new": new}
    return [tables[kind][i] for kind, i in sources.places]
