"""Check every rule of a primitive on its own cases; a wrong one raises.

What is checked, for each case and dtype: the type that ``abstract_eval`` promises,
``jvp`` by central differences, at first and second order, ``transpose`` by the pairing
of cotangents with tangents, linearity, ``batch`` by a Python loop, all of it on traced
values too, and native code by evaluation.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from funcgrad import errors
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Jaxpr, eval_jaxpr, subjaxprs
from funcgrad.core.primitive import Primitive
from funcgrad.core.trace import typeof
from funcgrad.core.vspace import Zero
from funcgrad.ops.cases import Case
from funcgrad.testing.check_batch import SIZE, check_batch
from funcgrad.testing.check_native import check_native
from funcgrad.testing.control_cases import CASES
from funcgrad.testing.numerical import (
    assert_close,
    combine,
    directional,
    is_differentiable,
    pairing,
    random_like,
)
from funcgrad.transforms.jvp import jvp
from funcgrad.transforms.linearize import linearize, linearize_jaxpr
from funcgrad.transforms.stage import stage_flat
from funcgrad.transforms.transpose import backward_pass

_DTYPES = tuple(map(np.dtype, ("float64", "complex128", "float32", "complex64")))
_STEP = 1e-4
_EXACT = {"rtol": 1e-9, "atol": 1e-11}
_DIFFERENCES = {"rtol": 1e-6, "atol": 1e-7}
_SINGLE = {"rtol": 3e-4, "atol": 3e-5}


@dataclass(frozen=True)
class Application:
    """A primitive applied to the operands of one case."""

    primitive: Primitive
    operands: list[Any]
    params: dict[str, Any]
    case: Case

    def __call__(self, *operands: Any) -> list[Any]:
        """The results as a list, through whatever trace the operands belong to."""
        if self.case.program is not None:
            result = self.case.program(*operands)
            return list(result) if isinstance(result, (tuple, list)) else [result]
        result = self.primitive.bind(*operands, **self.params)
        return list(result) if self.primitive.multiple_results else [result]

    @property
    def avals(self) -> list[ShapedArray]:
        """The types of the operands."""
        return [typeof(x) for x in self.operands]

    def types(self) -> list[ShapedArray]:
        """The types that ``abstract_eval`` promises."""
        if self.case.program is not None:
            jaxpr = stage_flat(self, self.avals)
            if not _applies(jaxpr, self.primitive):
                raise AssertionError(f"the program does not apply {self.primitive}")
            return jaxpr.out_avals
        types = self.primitive.abstract_eval(*self.avals, **self.params)
        return list(types) if self.primitive.multiple_results else [types]


def _applies(jaxpr: Jaxpr, primitive: Primitive) -> bool:
    return any(
        eqn.primitive is primitive
        or any(_applies(inner, primitive) for inner in subjaxprs(eqn.params))
        for eqn in jaxpr.eqns
    )


def check_rule(primitive: Primitive) -> None:
    """Check a primitive's rules on its own ``cases``.

    Parameters
    ----------
    primitive : Primitive

    Raises
    ------
    AssertionError
        If a rule is wrong, or there are no cases. Notes on the exception name the
        case, the dtype and the rule.

    Examples
    --------
    >>> from funcgrad.ops.trigonometric import sin_p
    >>> check_rule(sin_p)
    """
    cases = primitive.cases or CASES.get(primitive.name, ())
    if not cases:
        raise AssertionError(f"primitive {primitive.name!r} has no cases")
    for i, case in enumerate(cases):
        for dtype in _DTYPES if case.floating else _DTYPES[:1]:
            rng = np.random.default_rng(zlib.crc32(f"{primitive}{i}".encode()))
            with _noted(f"{primitive.name}, case {i}, {dtype}"):
                _check_case(primitive, case, dtype, rng)


@contextmanager
def _noted(about: str) -> Iterator[None]:
    """Add to an exception what was being checked."""
    try:
        with np.errstate(all="ignore"):
            yield
    except Exception as error:
        error.add_note(f"while checking {about}")
        raise


def _check_case(
    primitive: Primitive, case: Case, dtype: np.dtype[Any], rng: np.random.Generator
) -> None:
    params = case.parameters()
    operands = case.sample(rng, dtype)
    application = Application(primitive, operands, params, case)
    try:
        application.types()
    except errors.DTypeError:
        if dtype.kind == "c":
            return  # a primitive of real numbers
        raise
    _check_types(application)
    with _noted("lower"):
        check_native(application, operands)
    if dtype in _DTYPES[2:]:
        _check_single(application, rng)
        return
    _check_derivatives(application, rng)
    with _noted("batch"):
        samples = [case.sample(rng, dtype) for _ in range(SIZE)]
        check_batch(application, samples, case.batched)


def _check_types(application: Application) -> None:
    """Evaluation and the staged program give what ``abstract_eval`` promises."""
    types = application.types()
    values = application(*application.operands)
    for value, aval in zip(values, types, strict=True):
        got = (np.shape(value), np.asarray(value).dtype)
        if got != (aval.shape, aval.dtype):
            raise AssertionError(f"abstract_eval promises {aval}, evaluate gives {got}")
    jaxpr = stage_flat(application, application.avals)
    for atom, aval in zip(jaxpr.outvars, types, strict=True):
        if not atom.aval.same_type(aval):
            raise AssertionError(f"staged as {atom.aval}, abstract_eval gives {aval}")
    staged = eval_jaxpr(jaxpr, (), *application.operands)
    single = any(aval.dtype in (np.float32, np.complex64) for aval in types)
    limits = _SINGLE if single else _EXACT
    assert_close(staged, values, **limits, about="the staged program")


def _check_derivatives(application: Application, rng: np.random.Generator) -> None:
    for tangents in _directions(application.operands, rng):
        with _noted("jvp"):
            out = _check_jvp(application, tangents)
        with _noted("linearize and transpose"):
            _check_linear(application, application.operands, tangents, out, rng)
            _check_staged(application, tangents, out)
        with _noted("second order"):
            _check_second_order(application, tangents, rng)


def _directions(
    operands: Sequence[Any], rng: np.random.Generator
) -> Iterator[list[Any]]:
    """Tangents of all operands, then of each alone with ``Zero`` for the others."""
    flags = [is_differentiable(x) for x in operands]
    alone = [
        [i == j and flag for j, flag in enumerate(flags)] for i in range(len(operands))
    ]
    choices = [flags, *alone] if sum(flags) > 1 else [flags]
    for choice in choices:
        if any(choice):
            yield [
                random_like(rng, typeof(x)) if flag else Zero(typeof(x).tangent())
                for x, flag in zip(operands, choice, strict=True)
            ]


def _check_jvp(application: Application, tangents: Sequence[Any]) -> list[Any]:
    results, out = jvp(application, application.operands, tangents)
    assert_close(
        results, application(*application.operands), **_EXACT, about="primal of jvp"
    )
    for result, t in zip(results, out, strict=True):
        aval = typeof(result).tangent()
        own = t.aval if type(t) is Zero else typeof(t)
        if not own.same_type(aval):
            raise AssertionError(f"the tangent of {typeof(result)} is {own}")
    if application.case.numerical:
        expected = directional(application, application.operands, tangents, _STEP)
        assert_close(out, expected, **_DIFFERENCES, about="jvp")
    return out


def _check_linear(
    function: Callable[..., Sequence[Any]],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    expected: Sequence[Any],
    rng: np.random.Generator,
) -> None:
    """The linear jaxpr is linear, agrees with jvp, and pairs with its transpose."""
    flags = [type(t) is not Zero for t in tangents]
    _, linear, out_flags = linearize(function, primals, flags)
    first = [t for t in tangents if type(t) is not Zero]
    second = [random_like(rng, typeof(t)) for t in first]
    out = linear(*first)
    nonzero = [t for t, flag in zip(expected, out_flags, strict=True) if flag]
    assert_close(out, nonzero, **_EXACT, about="linearize")
    together = linear(*combine(2.0, first, -3.0, second))
    apart = combine(2.0, out, -3.0, linear(*second))
    assert_close(together, apart, **_EXACT, about="linearity")
    cts = [random_like(rng, typeof(t)) for t in out]
    back = backward_pass(linear.jaxpr, linear.consts, cts)
    for ct, t in zip(back, first, strict=True):
        own = ct.aval if type(ct) is Zero else typeof(ct)
        if not own.same_type(typeof(t)):
            raise AssertionError(f"the cotangent of {typeof(t)} is {own}")
    left, right = pairing(cts, out), pairing(back, first)
    size = sum(float(np.sum(np.abs(np.multiply(c, t)))) for c, t in zip(cts, out))
    if abs(left - right) > 1e-9 * max(1.0, size):
        raise AssertionError(f"<ct, jvp(t)> = {left}, <transpose(ct), t> = {right}")


def _check_staged(
    application: Application, tangents: Sequence[Any], expected: Sequence[Any]
) -> None:
    """The rules work on values that are not known, and give the same."""
    flags = [type(t) is not Zero for t in tangents]
    jaxpr = stage_flat(application, application.avals)
    split = linearize_jaxpr(jaxpr, flags)
    results = eval_jaxpr(split.primal, (), *application.operands)
    residuals = results[len(results) - split.num_residuals :]
    first = [t for t in tangents if type(t) is not Zero]
    out = eval_jaxpr(split.linear, (), *residuals, *first)
    nonzero = [t for t, flag in zip(expected, split.out_nonzero, strict=True) if flag]
    assert_close(out, nonzero, **_EXACT, about="linearize under staging")


def _check_second_order(
    application: Application, tangents: Sequence[Any], rng: np.random.Generator
) -> None:
    def slope(*primals: Any) -> list[Any]:
        _, out = jvp(application, primals, tangents)
        return [t for t in out if type(t) is not Zero]

    primals = application.operands
    direction = [
        Zero(t.aval) if type(t) is Zero else random_like(rng, typeof(t))
        for t in tangents
    ]
    _, out = jvp(slope, primals, direction)
    if application.case.numerical:
        expected = directional(slope, primals, direction, _STEP)
        assert_close(out, expected, **_DIFFERENCES, about="jvp of jvp")
    _check_linear(slope, primals, direction, out, rng)


def _check_single(application: Application, rng: np.random.Generator) -> None:
    """In single precision, values and derivatives are those in double, rounded."""
    wide = Application(
        application.primitive,
        [_widened(x) for x in application.operands],
        application.params,
        application.case,
    )
    for tangents in itertools.islice(_directions(application.operands, rng), 1):
        results, out = jvp(application, application.operands, tangents)
        doubled = [t if type(t) is Zero else _widened(t) for t in tangents]
        expected, slopes = jvp(wide, wide.operands, doubled)
        assert_close(results, expected, **_SINGLE, about="value in single precision")
        assert_close(out, slopes, **_SINGLE, about="jvp in single precision")
        for x, y, t in zip(results, application.types(), out, strict=True):
            own = typeof(t).dtype if type(t) is not Zero else y.tangent().dtype
            if own != y.tangent().dtype or typeof(x).dtype != y.dtype:
                raise AssertionError(f"jvp gives {typeof(x)} and {own} for {y}")


def _widened(x: Any) -> Any:
    dtype = typeof(x).dtype
    if dtype.kind not in "fc":
        return x
    return np.asarray(x).astype(np.float64 if dtype.kind == "f" else np.complex128)[()]
