"""A user's call as flat leaves: which arguments a transform takes, and results back.

The transforms work on flat functions; everything about positions, names and nested
containers of arguments is settled here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof

Positions = int | Sequence[int]
Names = str | Sequence[str]


class FlatFunction:
    """A function of leaves that returns leaves; remembers the structure of results.

    Parameters
    ----------
    function : callable
    in_tree : PyTreeDef
        Structure of ``(args, kwargs)``.
    has_aux : bool
        The function returns ``(result, aux)``: the leaves of ``aux`` that are traced
        follow those of the result.
    """

    __slots__ = ("aux_leaves", "aux_tree", "function", "has_aux", "in_tree", "out_tree")

    def __init__(
        self, function: Callable[..., Any], in_tree: Any, has_aux: bool = False
    ) -> None:
        self.function = function
        self.in_tree = in_tree
        self.has_aux = has_aux
        self.out_tree: Any = None
        self.aux_tree: Any = None
        self.aux_leaves: list[Any] = []

    def __call__(self, *leaves: Any) -> list[Any]:
        if self.in_tree is _structure_of_leaves(len(leaves)):
            result = self.function(*leaves)
        else:
            args, kwargs = self.in_tree.unflatten(leaves)
            result = self.function(*args, **kwargs)
        if not self.has_aux:
            if isinstance(result, Tracer):
                self.out_tree = _LEAF
                return [result]
            flat, self.out_tree = tree.flatten(result)
            if not all(isinstance(x, _RESULTS) for x in flat):
                _check_results(self.function, flat, self.out_tree)
            return flat
        result, aux = _result_and_aux(result)
        flat, self.out_tree = tree.flatten(result)
        _check_results(self.function, flat, self.out_tree)
        self.aux_leaves, self.aux_tree = tree.flatten(aux)
        return [*flat, *(x for x in self.aux_leaves if isinstance(x, Tracer))]

    def unflatten(self, results: Sequence[Any]) -> Any:
        """The function's result from its leaves, without ``aux``."""
        if self.out_tree is _LEAF:
            return results[0]
        return self.out_tree.unflatten(results[: self.out_tree.num_leaves])

    def aux(self, results: Sequence[Any]) -> Any:
        """The function's ``aux`` from the leaves it returned."""
        traced = iter(results[self.out_tree.num_leaves :])
        leaves = [next(traced) if isinstance(x, Tracer) else x for x in self.aux_leaves]
        return self.aux_tree.unflatten(leaves)


_LEAF = tree.structure(0)
_ARRAYS = frozenset({np.ndarray, np.float64, float})


def flatten_values(values: list[Any]) -> tuple[list[Any], Any]:
    """Leaves of positional arguments and the structure of ``(values, {})``."""
    for x in values:
        if type(x) not in _ARRAYS and not isinstance(x, Tracer):
            return tree.flatten((values, {}))
    return values, _structure_of_leaves(len(values))


@functools.cache
def _structure_of_leaves(count: int) -> Any:
    return tree.structure(([0] * count, {}))


_RESULTS = (Tracer, np.ndarray, np.generic, bool, int, float, complex)


def _check_results(function: Any, leaves: Sequence[Any], out_tree: Any) -> None:
    """Raise unless all leaves of a result can be arrays; the error says where."""
    for path, leaf in tree.leaves_with_path(out_tree.unflatten(leaves)):
        if isinstance(leaf, _RESULTS) or hasattr(leaf, "__array__"):
            continue
        raise errors.UnsupportedDTypeError(
            errors.message(
                f"`{name_of(function)}` returns something that is not an array or a "
                "number.",
                where=user_frame(),
                got=f"result{tree.keystr(path)}: {type(leaf).__name__} {leaf!r:.60}",
                expected="arrays, numbers, None, and containers of them",
                fix="leave it out; under grad, has_aux=True passes anything on",
                see=errors.UnsupportedDTypeError.page,
            )
        )


def _result_and_aux(result: Any) -> tuple[Any, Any]:
    if isinstance(result, tuple) and len(result) == 2:
        return result
    raise errors.GradientTypeError(
        errors.message(
            "with has_aux=True the function returns a pair.",
            where=user_frame(),
            got=_describe(result),
            expected="(result, aux)",
            fix="return result, aux",
            see=errors.GradientTypeError.page,
        )
    )


def _describe(value: Any) -> str:
    if isinstance(value, tuple):
        return f"a tuple of length {len(value)}"
    return type(value).__name__


def name_of(function: Any) -> str:
    """The name that messages and printed programs give a function."""
    name = getattr(function, "__name__", None)
    return name if isinstance(name, str) else type(function).__name__


def as_positions(argnums: Positions) -> tuple[int, ...]:
    """Argument positions as a tuple."""
    return (argnums,) if isinstance(argnums, int) else tuple(argnums)


def as_names(argnames: Names | None) -> tuple[str, ...]:
    """Argument names as a tuple."""
    if argnames is None:
        return ()
    return (argnames,) if isinstance(argnames, str) else tuple(argnames)


class Selection:
    """Arguments that a transform takes, apart from the others, which it keeps."""

    __slots__ = ("args", "function", "kwargs", "places", "single", "values")

    def __init__(
        self,
        function: Callable[..., Any],
        argnums: Positions,
        argnames: Names | None,
        args: Sequence[Any],
        kwargs: dict[str, Any],
    ) -> None:
        self.function = function
        self.args = list(args)
        self.kwargs = dict(kwargs)
        if argnames is None and isinstance(argnums, int):  # most calls
            self.single = True
            place = _position(function, argnums, len(args))
            self.places: list[int | str] = [place]
            self.values = [args[place]]
            return
        if argnames is None:
            self.single = False
            count = len(args)
            self.places = [_position(function, n, count) for n in as_positions(argnums)]
        else:
            names = as_names(argnames)
            self.places = [_place(function, name, args, kwargs) for name in names]
            self.single = isinstance(argnames, str)
        self.values = [
            self.args[p] if isinstance(p, int) else self.kwargs[p] for p in self.places
        ]

    @property
    def __name__(self) -> str:
        """The function's name, for messages."""
        return name_of(self.function)

    def __call__(self, *values: Any) -> Any:
        """The function with other values for the selected arguments."""
        args, kwargs = list(self.args), dict(self.kwargs)
        for place, value in zip(self.places, values, strict=True):
            if isinstance(place, int):
                args[place] = value
            else:
                kwargs[place] = value
        return self.function(*args, **kwargs)

    def result(self, values: Sequence[Any]) -> Any:
        """One value for one selected argument, a tuple for a sequence of them."""
        return values[0] if self.single else tuple(values)


def _position(function: Any, argnum: int, count: int) -> int:
    if -count <= argnum < count:
        return argnum % count
    raise errors.GradientTypeError(
        errors.message(
            f"`{name_of(function)}` is called with {count} positional arguments, so "
            f"there is none at argnums={argnum}.",
            where=user_frame(),
            got=f"argnums={argnum}",
            expected=f"{-count} to {count - 1}" if count else "argnames=...",
            fix="pass the argument by position, or name it: argnames='...'",
            see=errors.GradientTypeError.page,
        )
    )


def _place(
    function: Any, name: str, args: Sequence[Any], kwargs: dict[str, Any]
) -> int | str:
    if name in kwargs:
        return name
    position = position_of(function, name)
    if position is not None and position < len(args):
        return position
    raise errors.GradientTypeError(
        errors.message(
            f"`{name_of(function)}` is called without an argument named {name!r}.",
            where=user_frame(),
            got=f"{len(args)} positional arguments and {sorted(kwargs)}",
            expected=f"an argument {name}",
            see=errors.GradientTypeError.page,
        )
    )


def position_of(function: Any, name: str) -> int | None:
    """The position of a named parameter, or None where that is not known."""
    names = positional_names(function)
    return names.index(name) if name in names else None


def positional_names(function: Any) -> list[str]:
    """Names of the parameters that can be given by position, as far as is known."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    return [p.name for p in parameters if p.kind in kinds]


def leaf_labels(function: Any, args: Any, kwargs: dict[str, Any]) -> list[str]:
    """What the user calls each leaf of a call: ``x``, ``params['w']``, ``args[3]``."""
    names = positional_names(function)
    labels = []
    for i, arg in enumerate(args):
        root = names[i] if i < len(names) else f"args[{i}]"
        labels += [root + tree.keystr(path) for path, _ in tree.leaves_with_path(arg)]
    for name in sorted(kwargs):
        paths = tree.leaves_with_path(kwargs[name])
        labels += [name + tree.keystr(path) for path, _ in paths]
    return labels


def aval_of_argument(value: Any, label: str, caller: str) -> ShapedArray:
    """The type of an argument's leaf; the error names it by the user's words."""
    try:
        return typeof(value)
    except errors.FuncgradError:
        raise errors.UnsupportedDTypeError(
            errors.message(
                f"argument `{label}` of `{caller}` is not an array or a number.",
                where=user_frame(),
                got=f"{type(value).__name__}: {value!r:.60}",
                expected="arrays, numbers, and tuples, lists or dicts of them",
                fix="name it in static_argnames, or close over it",
                see=errors.UnsupportedDTypeError.page,
            )
        ) from None
