"""The backward pass over a recorded program, every step of it kept.

A program with forward values and the operations that made them comes in; local
derivatives, what flows back along every edge, and the derivative of the loss with
respect to every node are filled in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero, zero_like
from funcgrad.ops.elementwise import Elementwise
from funcgrad.transforms.linearize import linearize
from funcgrad.transforms.transpose import backward_pass
from funcgrad.viz.model import Edge, Program
from funcgrad.viz.record import Record


def differentiate(program: Program, records: Sequence[Record]) -> None:
    """Fill in derivatives; without a real scalar result there are none."""
    if program.loss is None:
        return
    incoming = program.incoming()
    loss = program.nodes[program.loss]
    loss.derivative = np.ones((), typeof(loss.value).dtype)[()]
    with np.errstate(all="ignore"):
        for record in reversed(records):
            _step(program, record, incoming)
    for node in program.nodes:
        if node.derivative is None and _real(node.value) and node.kind == "input":
            node.derivative = np.zeros_like(node.value)[()]


def _step(program: Program, record: Record, incoming: list[list[Edge]]) -> None:
    """What one operation sends back along its edges."""
    nodes = program.nodes
    cts = [nodes[i].derivative for i in record.results]
    if all(ct is None for ct in cts):
        return
    wanted = [
        source >= 0 and typeof(x).differentiable
        for source, x in zip(record.sources, record.operands, strict=True)
    ]
    if not any(wanted):
        return
    for position, result in enumerate(record.results):
        if cts[position] is None:
            continue
        edges = iter(incoming[result])
        of = [next(edges) if s >= 0 else None for s in record.sources]
        if _is_scalar(record):
            flows = _scalar_flows(record, wanted, cts[position])
        else:
            flows = _array_flows(record, wanted, position, cts[position])
        for edge, (local, flow) in zip(of, flows, strict=True):
            if edge is None or flow is None:
                continue
            source = nodes[edge.source]
            edge.local, edge.flow = local, flow
            edge.jacobian = (*np.shape(nodes[result].value), *np.shape(source.value))
            old = source.derivative
            source.derivative = flow if old is None else old + flow


Flows = list[tuple[Any, Any]]


def _is_scalar(record: Record) -> bool:
    return not record.primitive.multiple_results and all(
        np.ndim(x) == 0 and typeof(x).dtype.kind != "c" for x in record.operands
    )


def _scalar_flows(record: Record, wanted: Sequence[bool], ct: Any) -> Flows:
    """By the rule for tangents, one operand at a time: derivatives are numbers."""
    flows: Flows = []
    for position, flag in enumerate(wanted):
        if not flag:
            flows.append((None, None))
            continue
        tangents: list[Any] = [zero_like(x) for x in record.operands]
        value = record.operands[position]
        tangents[position] = np.ones((), typeof(value).dtype)[()]
        _, tangent = record.primitive.jvp(record.operands, tangents, **record.params)
        if type(tangent) is Zero:
            tangent = tangent.aval.dtype.type(0)
        if np.ndim(tangent) or tangent.dtype.kind == "c":
            return _array_flows(record, wanted, 0, ct)
        flows.append((tangent, ct * tangent))
    return flows


def _array_flows(
    record: Record, wanted: Sequence[bool], position: int, ct: Any
) -> Flows:
    """By the transpose of the derivative, which never makes the Jacobian."""
    several = record.primitive.multiple_results

    def apply(*operands: Any) -> list[Any]:
        result = record.primitive.bind(*operands, **record.params)
        return [result[position]] if several else [result]

    _, linear, nonzero = linearize(apply, record.operands, wanted)
    pulled = iter(
        backward_pass(linear.jaxpr, linear.consts, [ct] if nonzero[0] else [])
    )
    flows: Flows = []
    diagonal = _diagonals(record, wanted, linear, ct) if nonzero[0] else {}
    for index, (flag, operand) in enumerate(zip(wanted, record.operands, strict=True)):
        if not flag:
            flows.append((None, None))
            continue
        flow = next(pulled)
        if type(flow) is Zero:
            flow = np.zeros_like(operand)[()]
        flows.append((diagonal.get(index), flow))
    return flows


def _diagonals(
    record: Record, wanted: Sequence[bool], linear: Any, ct: Any
) -> dict[int, Any]:
    """Diagonals of the Jacobians of an elementwise operation."""
    if not isinstance(record.primitive, Elementwise):
        return {}
    ones = np.ones_like(ct)[()]
    pulled = iter(backward_pass(linear.jaxpr, linear.consts, [ones]))
    found = {}
    for index, (flag, operand) in enumerate(zip(wanted, record.operands, strict=True)):
        if flag:
            value = next(pulled)
            if type(value) is not Zero and np.shape(operand) == np.shape(ct):
                found[index] = value
    return found


def _real(value: Any) -> bool:
    return typeof(value).dtype.kind == "f"
