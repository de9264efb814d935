"""From NumPy's function to ours and back: what stands behind every name here.

A name of ``funcgrad.numpy`` calls NumPy itself unless an argument is traced, and
answers for NumPy's own function where that meets a traced value.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import numpy as np

from funcgrad import errors, ops
from funcgrad.config import modes
from funcgrad.core.array import Array, as_array
from funcgrad.core.dtypes import canonical_dtype, divide_dtype, result_type
from funcgrad.core.finite import check_results, is_watched
from funcgrad.core.numpy_protocol import (
    deferred,
    functions,
    implements,
    load_answers,
    special_ufuncs,
    ufuncs,
)
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.docstrings import docstring
from funcgrad.numpy.axes import shape_error
from funcgrad.ops.casting import convert_element_type, strong

F = TypeVar("F", bound=Callable[..., Any])

# Types that are not traced and hold nothing traced.
_PLAIN = frozenset({np.ndarray, Array, np.float64, float, int, bool, str, type(None)})

_NOTES = """\
Stands for ``{}`` on traced values, with its parameters, results and dtypes.
"""


def is_traced(x: Any) -> bool:
    """Whether ``x`` is a traced value or a list or tuple with one inside."""
    if isinstance(x, Tracer):
        return True
    return type(x) in (list, tuple) and any(map(is_traced, x))


def any_traced(values: Iterable[Any]) -> bool:
    """Whether one of the values is traced; fast where they are arrays and numbers."""
    for x in values:  # noqa: SIM110  # any(...) takes twice as long
        if type(x) not in _PLAIN and is_traced(x):
            return True
    return False


def wrap_result(x: Any, name: str, operands: tuple[Any, ...]) -> Any:
    """What NumPy's function returned, with ``.at`` on every array in it."""
    if modes.special and is_watched():
        results = x if isinstance(x, (tuple, list)) else [x]
        arrays = [y for y in results if isinstance(y, (np.ndarray, np.generic))]
        check_results(name, operands, arrays)
    if type(x) is np.ndarray:
        return as_array(x)
    if isinstance(x, tuple):
        items = [as_array(item) for item in x]
        return tuple(items) if type(x) is tuple else type(x)(*items)
    if type(x) is list:
        return [as_array(item) for item in x]
    return x


_UNSET = frozenset({"where", "keepdims"})
"""Keywords whose None says that they are not given, where NumPy takes it for False."""


def traces(*targets: Any, concrete: Any = None) -> Callable[[F], F]:
    """Decorator: the function is NumPy's ``targets`` on traced values.

    The name it is bound to takes arrays too, and then calls ``targets[0]``, or
    ``concrete`` where that differs. A docstring without examples gets those of
    `funcgrad.docstrings`.
    """
    standard = targets[0]
    on_arrays = concrete or standard

    def register(function: F) -> F:
        implements(*targets)(function)

        @functools.wraps(function)
        def dispatched(*args: Any, **kwargs: Any) -> Any:
            if kwargs:
                kwargs = {
                    k: x for k, x in kwargs.items() if x is not None or k not in _UNSET
                }
            if not any_traced(args) and not (kwargs and any_traced(kwargs.values())):
                result = on_arrays(*args, **kwargs)
                return wrap_result(result, standard.__name__, args)
            if kwargs.pop("out", None) is not None:
                raise writes_into(function.__name__)
            return function(*args, **kwargs)

        if dispatched.__doc__ and ">>>" not in dispatched.__doc__:
            home = standard.__module__
            dispatched.__doc__ = docstring(
                home.rpartition(".")[2],
                function.__name__,
                dispatched.__doc__.replace("\n    ", "\n").strip(),
                _NOTES.format(f"{home}.{standard.__name__}"),
            )
        return cast(F, dispatched)

    return register


def writes_into(name: str) -> errors.InPlaceUpdateError:
    """The error for ``out=`` with a traced operand."""
    return errors.InPlaceUpdateError(
        errors.message(
            f"`{name}` can not write a traced result into an existing array.",
            where=user_frame(),
            got="out=... with a traced operand",
            expected="an expression that gives a new array",
            fix=f"y = {name}(...) without out",
            see=errors.InPlaceUpdateError.page,
        )
    )


def given(x: Any) -> bool:
    """Whether an optional argument was passed."""
    return x is not None and x is not np._NoValue


def to_array(x: Any, dtype: Any = None) -> Any:
    """A traced value or NumPy array with a strong dtype; nested lists are stacked."""
    if type(x) in (list, tuple) and is_traced(x):
        x = _stack_nested(x)
    elif not isinstance(x, Tracer):
        x = x if isinstance(x, (np.ndarray, np.generic)) else np.asarray(x)
        typeof(x)
    if dtype is not None:
        return convert_element_type(x, canonical_dtype(dtype))
    return strong(x) if isinstance(x, Tracer) else x


def as_float(x: Any) -> Any:
    """The same as an array of a float dtype: float64 for integers."""
    y = to_array(x)
    return convert_element_type(y, divide_dtype(typeof(y).dtype))


def _stack_nested(items: Any) -> Any:
    parts = promote([to_array(item) for item in items])
    shapes = {typeof(part).shape for part in parts}
    if len(shapes) > 1:
        raise shape_error(
            "the entries of a list have different shapes.",
            " and ".join(map(str, sorted(shapes))),
            "equal shapes, so that they make an array",
        )
    (shape,) = shapes
    rows = [ops.reshape(part, (1, *shape)) for part in parts]
    return ops.concatenate(rows, 0) if len(rows) > 1 else rows[0]


def promote(arrays: list[Any]) -> list[Any]:
    """Arrays with their common dtype."""
    avals = [typeof(x) for x in arrays]
    dtype = result_type(*[(aval.dtype, aval.weak_type) for aval in avals])
    return [convert_element_type(x, dtype) for x in arrays]


def dispatch_table() -> dict[str, str]:
    """NumPy's and SciPy's functions that take traced values, and what they become.

    Returns
    -------
    dict
        Full name of each function, such as ``"numpy.linalg.solve"``, to the name of
        the function that answers for it.

    Examples
    --------
    >>> import funcgrad.numpy as fnp
    >>> fnp.dispatch_table()["numpy.sin"]
    'numpy.sin'
    """
    for package in list(deferred):
        load_answers(package)
    table = {}
    for ufunc, function in ufuncs.items():
        name = f"numpy.{ufunc.__name__}"
        table[name] = _answering_name(function, name)
    for special, function in special_ufuncs.items():
        name = f"scipy.special.{special}"
        table[name] = _answering_name(function, name)
    for target, function in functions.items():
        name = f"{target.__module__}.{target.__name__}"
        table[name] = _answering_name(function, name)
    return dict(sorted(table.items()))


def _answering_name(function: Any, fallback: str) -> str:
    name = getattr(function, "__qualname__", None)
    if name is None or "." in name:
        return fallback
    return f"{function.__module__}.{name}"
