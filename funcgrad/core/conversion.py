"""The errors for a traced value that is asked for its numbers or written into an array.

A use of a traced value goes in, an error with the user's line and a cure comes out.
"""

from __future__ import annotations

import opcode
import sys
import types
from typing import Any

from funcgrad import errors
from funcgrad.core.call_site import INDEXED, called_by_user
from funcgrad.core.source import SourceLine, source_of, user_frame
from funcgrad.core.undispatched import undispatched

_STORES = {
    opcode.opmap[name]
    for name in ("STORE_SUBSCR", "STORE_SLICE")
    if name in opcode.opmap
}


def is_assigned() -> bool:
    """Whether the caller's caller runs ``array[...] = value`` at this moment.

    NumPy asks a value for its number there, as ``float(value)`` does, and would drop
    the derivative.
    """
    frame: Any = sys._getframe(2)
    return frame.f_code.co_code[frame.f_lasti] in _STORES


def assignment_error(where: SourceLine | None = None) -> errors.InPlaceUpdateError:
    """The error for a traced value or index in ``array[index] = value``."""
    return errors.InPlaceUpdateError(
        errors.message(
            "a NumPy array can not hold a traced value.",
            where=where or user_frame(),
            got="an assignment into a NumPy array, with a traced value or index",
            expected="an expression that gives a new array",
            fix="a = funcgrad.numpy.zeros(n); a = a.at[index].set(value), or "
            "funcgrad.numpy.stack of a list of values",
            see=errors.InPlaceUpdateError.page,
        )
    )


def hidden_by_numpy(error: ValueError) -> errors.FuncgradError | None:
    """The error of ours that NumPy has replaced by one about sequences, if it has."""
    cause = error.__cause__
    if isinstance(cause, errors.InPlaceUpdateError):
        return cause
    if isinstance(cause, errors.ConcretizationTypeError):
        return assignment_error(source_of(error))
    return None


_USES = {
    "bool": (
        "`if`, `while`, `and`, `or` or `not` needs a value",
        "a Python bool",
        (
            "funcgrad.numpy.where(cond, a, b), "
            "funcgrad.lax.cond(cond, f, g, *operands), "
            "funcgrad.lax.while_loop(cond, body, init), or jit(f, static_argnames=...)"
        ),
    ),
    "float": (
        "`float()` or `math` needs a value",
        "a Python float",
        "leave float() out, or use x.astype(float); np.sin and kin instead of math.sin",
    ),
    "complex": ("`complex()` needs a value", "a Python complex", "x.astype(complex)"),
    "int": (
        "`int()` needs a value",
        "a Python int",
        "x.astype(int), or jit(f, static_argnames=...) for a size or a count",
    ),
    "index": (
        "`range()`, a shape or an index into a Python list needs a value",
        "a Python int",
        (
            "funcgrad.lax.fori_loop(0, n, body, init) for a loop, "
            "a NumPy array instead of the list, "
            "or jit(f, static_argnames=...) for a size"
        ),
    ),
    "item": ("`item()` needs a value", "a Python scalar", "leave .item() out"),
    "tolist": ("`tolist()` needs a value", "a Python list", "iterate over the array"),
    "pickle": (
        "`pickle` needs a value",
        "an array",
        "pass the value as an argument, or return it, and pickle the result",
    ),
    "numba": (
        "a function that Numba has compiled needs a value",
        "an array or a number",
        (
            "funcgrad.wrap_njit(f)(x), which calls f natively from compiled programs, "
            "with funcgrad.custom_jvp or custom_vjp for its derivative"
        ),
    ),
    "array": (
        "a NumPy array or a function that takes no traced values needs a value",
        "a NumPy array",
        (
            "x = x.at[i].set(v) instead of filling np.zeros in place; the function of "
            "the same name in funcgrad.numpy; funcgrad.numpy.asarray(a)[i] where i is "
            "traced and a is not; funcgrad.pure_callback for foreign code"
        ),
    ),
}


def conversion_error(
    use: str, tracer: Any, error: type[errors.FuncgradError]
) -> errors.FuncgradError:
    """The error for asking a traced value for its value."""
    problem, expected, fix = _USES[use]
    called = _scipy_stats_call()
    if called is not None:
        problem = f"`scipy.stats.{called}` takes no traced values: it needs a value"
        fix = (
            f"funcgrad.scipy.stats.{called}, where funcgrad has it; "
            "funcgrad.pure_callback otherwise"
        )
    elif use == "array":
        problem, fix = _known_call() or (problem, fix)
    label = getattr(tracer, "label", "")
    name = getattr(tracer.owner, "name", "")
    origin = f", the argument {label}" if label else ""
    origin += f" of `{name}`" if name else ""
    return error(
        errors.message(
            f"{problem} that is not known while the function is traced.",
            where=user_frame(),
            got=f"a traced {tracer.aval}{origin}",
            expected=expected,
            fix=fix,
            see=error.page,
        )
    )


def absent_attribute(tracer: Any, name: str) -> AttributeError:
    """The error for an attribute that traced values do not have."""
    problem = f"a traced value has no attribute {name!r} ({tracer.aval})"
    for names, why, fix in _ABSENT:
        if name in names.split():
            text = errors.message(f"{problem}: {why}.", where=user_frame(), fix=fix)
            return AttributeError(text, name=name, obj=tracer)
    return AttributeError(problem, name=name, obj=tracer)


_ABSENT = (
    (
        "put itemset setfield byteswap partition resize setflags",
        "it would write into the array in place",
        "x = x.at[index].set(value), or the function of that name in funcgrad.numpy",
    ),
    (
        "data ctypes strides flags base __array_interface__ getfield newbyteorder",
        "it lies nowhere in memory while the function is traced",
        "x.shape, x.dtype and x.ndim, which are known",
    ),
    (
        "tobytes tofile dump dumps",
        "its numbers are not known while the function is traced",
        "return the value, and write it outside; or funcgrad.debug.callback",
    ),
    ("view", "memory is read in another way", "funcgrad.lax.bitcast_convert_type"),
)


def writes_into(name: str) -> errors.InPlaceUpdateError:
    """The error for a traced result that is to go into an array."""
    return errors.InPlaceUpdateError(
        errors.message(
            f"`{name}` can not write a traced result into an existing array.",
            where=user_frame(),
            got="out=... or an in-place operator such as `a += x` with a traced x",
            expected="an expression that gives a new array",
            fix="a = a + x, or a = a.at[index].add(x)",
            see=errors.InPlaceUpdateError.page,
        )
    )


def no_dispatch(name: str) -> errors.FuncgradError:
    """The error for a function of NumPy that traced values do not answer for."""
    reason = undispatched().get(name)
    problem = f"`{name}` does not take traced values."
    fix = (
        "funcgrad.pure_callback, or funcgrad.wrap_njit if it is Numba's, with "
        "funcgrad.custom_jvp for the derivative"
    )
    if reason is not None:
        problem = f"{problem[:-1]}: {reason.why}."
        fix = reason.fix_for(name)
    else:
        known, fix = _known_call() or (problem[:-1], fix)
        problem = f"{known.removesuffix('. It needs a value')}."
    in_place = reason is not None and reason.writes
    error = errors.InPlaceUpdateError if in_place else errors.TracerArrayConversionError
    return error(
        errors.message(
            problem,
            where=user_frame(),
            got="a traced value among its arguments",
            expected="a function that funcgrad can trace",
            fix=fix,
            see=error.page,
        )
    )


def _known_call() -> tuple[str, str] | None:
    """What is wrong with the user's call of NumPy or SciPy, and its replacement."""
    called = called_by_user()
    if called is INDEXED:
        return (
            "NumPy asks a traced index for its value; it needs one",
            "funcgrad.numpy.asarray(a)[i] where i is traced and a is not",
        )
    name = _public_name(called)
    reason = undispatched().get(name)
    if reason is not None:
        problem = f"`{name}` takes no traced values: {reason.why}. It needs a value"
        return problem, reason.fix_for(name)
    if name.startswith("numpy."):
        return (
            f"`{name}` takes no traced values: it needs a value",
            f"funcgrad.{name} if funcgrad has it, or funcgrad.pure_callback",
        )
    owner = type(getattr(called, "__self__", None)).__module__
    if owner.startswith("numpy.random"):
        return (
            "NumPy's generators take no traced values: the call needs a value",
            "funcgrad.random; or numbers drawn from the standard distribution, scaled",
        )
    return None


def _public_name(called: Any) -> str:
    """The full name by which users know a function of NumPy or SciPy, or nothing."""
    if called is None:
        return ""
    name = getattr(called, "__name__", "")
    for package in ("numpy", "numpy.linalg", "numpy.fft", "scipy.special"):
        members = vars(sys.modules[package]) if package in sys.modules else {}
        if members.get(name) is called:
            return f"{package}.{name}"
        for public, value in members.items():
            if value is called and not public.startswith("_"):
                return f"{package}.{public}"
    return ""


def _scipy_stats_call() -> str | None:
    """What runs of ``scipy.stats``, as ``norm.logpdf``, if something does."""
    if "scipy.stats" not in sys.modules:
        return None
    found = None
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module.startswith("scipy.stats"):
            found = frame
        elif found is not None and not module.startswith("scipy."):
            break
        frame = frame.f_back
    if found is None:
        return None
    owner = found.f_locals.get("self")
    owner = getattr(owner, "dist", owner)
    name = getattr(owner, "name", None) or type(owner).__name__.removesuffix("_gen")
    function = found.f_code.co_name
    return function if owner is None else f"{name}.{function}"
