"""Source templates of loops, branches and calls: Python's own statements."""

from __future__ import annotations

from collections.abc import Sequence

from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Eqn, Jaxpr
from funcgrad.export.numba_source import (
    NoSourceError,
    Writer,
    dtype_text,
    empty_text,
    template,
)


@template("jit", "checkpoint", "recomputed")
def _call(w: Writer, eqn: Eqn) -> None:
    _inline(w, eqn, eqn.params["jaxpr"])


@template("custom_call", "custom_vmap_call")
def _custom_call(w: Writer, eqn: Eqn) -> None:
    program = eqn.params["program"]
    if not isinstance(program, Jaxpr):
        raise NoSourceError(eqn.primitive.name)
    _inline(w, eqn, program)


def _inline(w: Writer, eqn: Eqn, jaxpr: Jaxpr) -> None:
    w.bind_all(eqn.outvars, w.program(jaxpr, w.reads(eqn)))


@template("cond")
def _cond(w: Writer, eqn: Eqn) -> None:
    which, *operands = w.reads(eqn)
    branches = eqn.params["branches"]
    names = [w.fresh() for _ in eqn.outvars]
    is_truth = eqn.invars[0].aval.dtype.kind == "b"
    order = [*range(len(branches) - 1, 0, -1), 0] if is_truth else range(len(branches))
    for step, k in enumerate(order):
        test = f"{which}:" if is_truth else f"{which} <= {k}:"
        is_last = step == len(branches) - 1
        head = "else:" if is_last and step else f"{'elif' if step else 'if'} {test}"
        if len(branches) == 1:
            head = "if True:"
        with w.block(head):
            results = w.program(branches[k], operands)
            for name, text, var in zip(names, results, eqn.outvars, strict=True):
                w.line(f"{name} = {w.owned(text, var.aval)}")
    w.bind_all(eqn.outvars, names)


def _carried(
    w: Writer, texts: Sequence[str], avals: Sequence[ShapedArray]
) -> list[str]:
    """Variables of a loop with their first values."""
    names = []
    for text, aval in zip(texts, avals, strict=True):
        names.append(w.fresh())
        w.line(f"{names[-1]} = {w.owned(text, aval)}")
    return names


def _advance(
    w: Writer, names: Sequence[str], texts: Sequence[str], avals: Sequence[ShapedArray]
) -> None:
    """New values of the variables, all at once."""
    moved = [
        (name, text if aval.shape else f"{dtype_text(aval.dtype)}({text})")
        for name, text, aval in zip(names, texts, avals, strict=True)
        if name != text
    ]
    if moved:
        left, right = zip(*moved, strict=True)
        w.line(f"{', '.join(left)} = {', '.join(right)}")


@template("while")
def _while(w: Writer, eqn: Eqn) -> None:
    p = eqn.params
    if p["num_tapes"]:
        raise NoSourceError("while whose steps are recorded for a backward pass")
    operands = w.reads(eqn)
    num_cond = p["num_cond_consts"]
    first = num_cond + p["num_body_consts"]
    cond_consts, body_consts = operands[:num_cond], operands[num_cond:first]
    avals = [v.aval for v in eqn.outvars]
    names = _carried(w, operands[first:], avals)
    with w.block("while True:"):
        (goes_on,) = w.program(p["cond_jaxpr"], [*cond_consts, *names])
        with w.block(f"if not {goes_on}:"):
            w.line("break")
        results = w.program(p["body_jaxpr"], [*body_consts, *names])
        _advance(w, names, results, avals)
    w.bind_all(eqn.outvars, names)


@template("scan")
def _scan(w: Writer, eqn: Eqn) -> None:
    p = eqn.params
    length, body = p["length"], p["jaxpr"]
    if length is None:
        raise NoSourceError("scan over the record of a while loop")
    operands = w.reads(eqn)
    first, end = p["num_consts"], p["num_consts"] + p["num_carry"]
    avals = [v.aval for v in eqn.outvars]
    names = _carried(w, operands[first:end], avals[: p["num_carry"]])
    stacks = []
    for aval in avals[p["num_carry"] :]:
        stacks.append(w.fresh())
        w.line(f"{stacks[-1]} = {empty_text(aval)}")
    index = w.fresh("i")
    steps = f"{length - 1}, -1, -1" if p["reverse"] else f"{length}"
    with w.block(f"for {index} in range({steps}):"):
        rows = [w.value(f"{xs}[{index}]") for xs in operands[end:]]
        results = w.program(body, [*operands[:first], *names, *rows])
        for stack, text in zip(stacks, results[p["num_carry"] :], strict=True):
            w.line(f"{stack}[{index}] = {text}")
        _advance(w, names, results[: p["num_carry"]], avals[: p["num_carry"]])
    w.bind_all(eqn.outvars, [*names, *stacks])
