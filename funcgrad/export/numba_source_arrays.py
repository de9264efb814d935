"""Source templates of operations on whole arrays: shapes, sums, matrices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from funcgrad.core.jaxpr import Eqn
from funcgrad.export.numba_source import (
    NoSourceError,
    Writer,
    dtype_text,
    empty_text,
    full_text,
    scalar_text,
    shape_text,
    template,
    typed,
)

# --- shapes


@template("broadcast_in_dim")
def _broadcast(w: Writer, eqn: Eqn) -> None:
    (x,), aval = w.reads(eqn), eqn.outvars[0].aval
    old = eqn.invars[0].aval
    if not old.shape:
        w.assign(eqn, full_text(aval, x))
        return
    spread = [1] * aval.ndim
    for axis, extent in zip(eqn.params["into"], old.shape, strict=True):
        spread[axis] = extent
    column = x if tuple(spread) == old.shape else f"{x}.reshape({shape_text(spread)})"
    w.assign(eqn, f"np.broadcast_to({column}, {shape_text(aval.shape)}).copy()")


@template("reshape")
def _reshape(w: Writer, eqn: Eqn) -> None:
    (x,), aval = w.reads(eqn), eqn.outvars[0].aval
    old = eqn.invars[0].aval
    if not aval.shape:
        entry = f"{x}[{', '.join('0' for _ in old.shape)}]" if old.shape else x
        w.assign(eqn, w.entries.get(x, entry), fuses=True)
    elif not old.shape:
        w.entries[w.assign(eqn, full_text(aval, x))] = x
    else:
        w.assign(eqn, f"{x}.reshape({shape_text(aval.shape)})")


@template("transpose")
def _transpose(w: Writer, eqn: Eqn) -> None:
    (x,) = w.reads(eqn)
    order = eqn.params["permutation"]
    text = f"{x}.T" if order == (1, 0) else f"np.transpose({x}, {shape_text(order)})"
    w.assign(eqn, f"np.ascontiguousarray({text})" if len(order) > 1 else x)


@template("rev")
def _rev(w: Writer, eqn: Eqn) -> None:
    (x,) = w.reads(eqn)
    axes = range(eqn.invars[0].aval.ndim)
    index = ["::-1" if a in eqn.params["dimensions"] else ":" for a in axes]
    w.assign(eqn, f"{x}[{', '.join(index)}].copy()")


@template("concatenate")
def _concatenate(w: Writer, eqn: Eqn) -> None:
    aval, axis = eqn.outvars[0].aval, eqn.params["dimension"]
    result = w.assign(eqn, empty_text(aval))
    start = 0
    for atom, text in zip(eqn.invars, w.reads(eqn), strict=True):
        end = start + atom.aval.shape[axis]
        index = [":"] * aval.ndim
        index[axis] = f"{start}:{end}"
        if aval.ndim == 1 and text in w.entries:
            index, text = [str(start)], w.entries[text]
        w.line(f"{result}[{', '.join(index)}] = {text}")
        start = end


@template("slice")
def _slice(w: Writer, eqn: Eqn) -> None:
    (x,), p = w.reads(eqn), eqn.params
    if not p["start"]:
        w.bind(eqn.outvars[0], x)
        return
    places = zip(p["start"], p["limit"], p["strides"], strict=True)
    name = w.assign(eqn, f"{x}[{_ranges(places)}].copy()")
    if eqn.outvars[0].aval.size == 1:
        w.entries[name] = f"{x}[{', '.join(map(str, p['start']))}]"


@template("update_slice")
def _update_slice(w: Writer, eqn: Eqn) -> None:
    x, update = w.reads(eqn)
    if not eqn.outvars[0].aval.shape:
        w.bind(eqn.outvars[0], update)
        return
    result = w.assign(eqn, f"{x}.copy()")
    start, strides = eqn.params["start"], eqn.params["strides"]
    shape = eqn.invars[1].aval.shape
    if 0 in shape:
        return
    places = [
        (low, low + step * (extent - 1) + 1, step)
        for low, step, extent in zip(start, strides, shape, strict=True)
    ]
    w.line(f"{result}[{_ranges(places)}] = {update}")


@template("pad")
def _pad(w: Writer, eqn: Eqn) -> None:
    (x, value), aval = w.reads(eqn), eqn.outvars[0].aval
    result = w.assign(eqn, full_text(aval, value))
    target, source = [], []
    config = eqn.params["padding_config"]
    old = eqn.invars[0].aval.shape
    for extent, new, (low, _, inner) in zip(old, aval.shape, config, strict=True):
        step = inner + 1
        first = max(0, -(low // step))
        last = min(extent, (new - low + step - 1) // step)
        if first >= last:
            return
        source.append((first, last, 1))
        target.append((low + first * step, low + (last - 1) * step + 1, step))
    w.line(f"{result}[{_ranges(target)}] = {x}[{_ranges(source)}]")


@template("iota")
def _iota(w: Writer, eqn: Eqn) -> None:
    shape, axis = eqn.params["shape"], eqn.params["dimension"]
    counted = f"np.arange({shape[axis]}).astype({_dtype(eqn)})"
    if len(shape) == 1:
        w.assign(eqn, counted)
        return
    column = [1] * len(shape)
    column[axis] = shape[axis]
    text = f"{counted}.reshape({shape_text(column)})"
    w.assign(eqn, f"np.broadcast_to({text}, {shape_text(shape)}).copy()")


def _ranges(places: Iterable[tuple[int, int, int]]) -> str:
    texts = []
    for low, high, step in places:
        texts.append(f"{low}:{high}" + (f":{step}" if step != 1 else ""))
    return ", ".join(texts)


def _dtype(eqn: Eqn) -> str:
    return dtype_text(eqn.outvars[0].aval.dtype)


# --- reductions

_REDUCTIONS = {
    "reduce_sum": "{0}.sum()",
    "reduce_prod": "{0}.prod()",
    "reduce_max": "{0}.max()",
    "reduce_min": "{0}.min()",
    "reduce_and": "{0}.all()",
    "reduce_or": "{0}.any()",
    "argmax": "{0}.argmax()",
    "argmin": "{0}.argmin()",
}


@template(*_REDUCTIONS)
def _reduce(w: Writer, eqn: Eqn) -> None:
    (x,), name = w.reads(eqn), eqn.primitive.name
    old, aval = eqn.invars[0].aval, eqn.outvars[0].aval
    axes = eqn.params["axes"] if "axes" in eqn.params else (eqn.params["axis"],)
    text = _REDUCTIONS[name]
    if old.dtype.kind == "b" and name in ("reduce_sum", "reduce_max"):
        text = "{0}.any()"
    elif old.dtype.kind == "b" and name in ("reduce_prod", "reduce_min"):
        text = "{0}.all()"
    elif old.dtype.kind != "b" and name in ("reduce_and", "reduce_or"):
        raise NoSourceError(f"{name} of {old.dtype.name}")
    if not axes:
        w.assign(eqn, x)
    elif not aval.shape:
        w.assign(eqn, typed(text.format(x), aval))
    elif name == "reduce_sum" and len(axes) == 1 and old.dtype.kind in "fc":
        w.assign(eqn, f"np.sum({x}, axis={axes[0]})")
    else:
        result = w.assign(eqn, empty_text(aval))
        with w.loops(aval.shape) as places:
            index = list(places)
            for axis in sorted(axes):
                index.insert(axis, ":")
            part = f"{x}[{', '.join(index)}]"
            w.line(f"{result}[{', '.join(places)}] = {text.format(part)}")


_CUMULATIVE = {
    "cumsum": "{0} + {1}",
    "cumprod": "{0} * {1}",
    "cummax": "np.maximum({0}, {1})",
    "cummin": "np.minimum({0}, {1})",
    "cumlogsumexp": "np.logaddexp({0}, {1})",
}


@template(*_CUMULATIVE)
def _cumulate(w: Writer, eqn: Eqn) -> None:
    (x,), aval, axis = w.reads(eqn), eqn.outvars[0].aval, eqn.params["axis"]
    result = w.assign(eqn, f"{x}.copy()")
    n = aval.shape[axis]
    text = _CUMULATIVE[eqn.primitive.name]
    index = w.fresh("i")
    steps = f"{n - 2}, -1, -1" if eqn.params["reverse"] else f"1, {n}"

    def at(place: str) -> str:
        places = [":"] * aval.ndim
        places[axis] = place
        return f"{result}[{', '.join(places)}]"

    with w.block(f"for {index} in range({steps}):"):
        before = at(f"{index} + 1" if eqn.params["reverse"] else f"{index} - 1")
        w.line(f"{at(index)} = {text.format(before, at(index))}")


# --- products of matrices


@template("dot_general")
def _dot_general(w: Writer, eqn: Eqn) -> None:
    (left, right), (lhs, rhs) = w.reads(eqn), (a.aval for a in eqn.invars)
    aval = eqn.outvars[0].aval
    contract, batch = eqn.params["dimension_numbers"]
    if lhs.dtype != aval.dtype:
        left = f"{left}.astype({dtype_text(aval.dtype)})"
    if rhs.dtype != aval.dtype:
        right = f"{right}.astype({dtype_text(aval.dtype)})"
    is_blas = aval.dtype.name in ("float32", "float64", "complex64", "complex128")
    is_plain = not batch[0] and len(contract[0]) == 1
    is_small = max(lhs.ndim, rhs.ndim) <= 2 and min(lhs.ndim, rhs.ndim) >= 1
    if is_blas and is_plain and is_small:
        a = f"{left}.T" if lhs.ndim == 2 and contract[0] == (0,) else left
        b = f"{right}.T" if rhs.ndim == 2 and contract[1] == (1,) else right
        w.assign(eqn, f"np.dot({a}, {b})")
        return
    if aval.dtype.kind == "b":
        raise NoSourceError("dot_general of bool")
    stacks = _stacks(w, (left, right), (lhs.shape, rhs.shape), contract, batch)
    product = "np.dot" if is_blas else w.helper("matmul")
    (lefts, m, k), (rights, _, n) = stacks
    count = math.prod(lhs.shape[axis] for axis in batch[0])
    stacked = w.value(empty_text(aval.update(shape=(count, m, n))))
    if 0 not in (count, m, n, k):
        with w.loops([count]) as (i,):
            w.line(f"{stacked}[{i}] = {product}({lefts}[{i}], {rights}[{i}])")
    else:
        w.line(f"{stacked}[:] = {scalar_text(0, aval.dtype)}")
    if aval.shape:
        w.assign(eqn, f"{stacked}.reshape({shape_text(aval.shape)})")
    else:
        w.assign(eqn, f"{stacked}[0, 0, 0]")


def _stacks(
    w: Writer,
    texts: Sequence[str],
    shapes: Sequence[Sequence[int]],
    contract: Sequence[Sequence[int]],
    batch: Sequence[Sequence[int]],
) -> list[tuple[str, int, int]]:
    """The factors as stacks of matrices: their names, rows and columns."""
    stacks = []
    for side, (text, shape) in enumerate(zip(texts, shapes, strict=True)):
        free = [
            a for a in range(len(shape)) if a not in (*contract[side], *batch[side])
        ]
        groups = [batch[side], free, contract[side]]
        if side == 1:
            groups[1:] = groups[:0:-1]
        order = [axis for group in groups for axis in group]
        sizes = [math.prod(shape[axis] for axis in group) for group in groups]
        if order != list(range(len(shape))):
            text = f"np.ascontiguousarray(np.transpose({text}, {shape_text(order)}))"
        if not shape:
            name = w.value(f"np.full((1, 1, 1), {text})")
        else:
            name = w.value(f"{text}.reshape({shape_text(sizes)})")
        stacks.append((name, sizes[1], sizes[2]))
    return stacks


# --- linear algebra


@template("cholesky")
def _cholesky(w: Writer, eqn: Eqn) -> None:
    _each_matrix(w, eqn, "np.linalg.cholesky({0})")


@template("solve")
def _solve(w: Writer, eqn: Eqn) -> None:
    _each_matrix(w, eqn, "np.linalg.solve({0}, {1})")


@template("lu")
def _lu(w: Writer, eqn: Eqn) -> None:
    _each_matrix(w, eqn, f"{w.helper('lu_factors')}({{0}})")


@template("triangular_solve")
def _triangular_solve(w: Writer, eqn: Eqn) -> None:
    p = eqn.params
    turned = {"N": "{0}", "T": "{0}.T", "C": "np.conj({0}).T"}[p["transpose"]]
    upwards = p["lower"] == (p["transpose"] != "N")
    call = f"{w.helper('triangular_solve')}({turned}, {{1}}, {upwards}, "
    _each_matrix(w, eqn, f"{call}{p['unit_diagonal']})")


def _each_matrix(w: Writer, eqn: Eqn, text: str) -> None:
    """A function of matrices on each of a stack."""
    lead = eqn.invars[0].aval.shape[:-2]
    operands = w.reads(eqn)
    if not lead:
        names = [w.fresh() for _ in eqn.outvars]
        w.line(f"{', '.join(names)} = {text.format(*operands)}")
        w.bind_all(eqn.outvars, names)
        return
    results = [
        w.assign(eqn, empty_text(v.aval), which=k) for k, v in enumerate(eqn.outvars)
    ]
    with w.loops(lead) as places:
        at = ", ".join(places)
        left = ", ".join(f"{name}[{at}]" for name in results)
        w.line(f"{left} = {text.format(*[f'{x}[{at}]' for x in operands])}")
