"""Static arguments of a jitted function, and the function of the others."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from funcgrad import errors
from funcgrad.api.arguments import (
    Names,
    Positions,
    as_names,
    as_positions,
    name_of,
    positional_names,
)
from funcgrad.core.source import user_frame

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class StaticArguments:
    """Takes the static arguments out of calls.

    Parameters
    ----------
    function : callable
    numbers : tuple of int
        Positions of the static arguments, from the end where negative.
    names : tuple of str
    """

    __slots__ = ("_places", "function", "names", "numbers")

    def __init__(
        self,
        function: Callable[..., Any],
        numbers: tuple[int, ...],
        names: tuple[str, ...],
    ) -> None:
        self.function = function
        self.numbers = numbers
        self.names = names
        self._places: dict[int, tuple[list[int], list[int]]] = {}

    def __bool__(self) -> bool:
        return bool(self.numbers or self.names)

    def places(self, count: int) -> tuple[list[int], list[int]]:
        """Static positions in a call with ``count`` positional arguments, others."""
        found = self._places.get(count)
        if found is None:
            static = {n % count for n in self.numbers if -count <= n < count}
            rest = [i for i in range(count) if i not in static]
            found = self._places[count] = (sorted(static), rest)
        return found

    def split(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], Arguments]:
        """What tells static values apart, perhaps not hashable, and other arguments."""
        static, rest = self.places(len(args))
        key = [(i, type(args[i]), args[i]) for i in static]
        if not kwargs:
            return tuple(key), (tuple([args[i] for i in rest]), kwargs)
        named = [name for name in self.names if name in kwargs]
        key += [(name, type(kwargs[name]), kwargs[name]) for name in named]  # type: ignore[misc]
        others = {k: v for k, v in kwargs.items() if k not in named}
        return tuple(key), (tuple([args[i] for i in rest]), others)

    def fix(self, key: tuple[Any, ...], count: int) -> Callable[..., Any]:
        """The function of the other arguments, for the static values of one call.

        Raises StaticArgumentError if one of them is not hashable.
        """
        for place, _, value in key:
            _check_hashable(name_of(self.function), place, value)
        fixed = {place: value for place, _, value in key if isinstance(place, int)}
        named = {place: value for place, _, value in key if isinstance(place, str)}
        function = self.function

        @functools.wraps(function)
        def partial(*values: Any, **others: Any) -> Any:
            given = iter(values)
            full = [fixed[i] if i in fixed else next(given) for i in range(count)]
            return function(*full, **named, **others)

        partial.__dict__["__signature__"] = _signature_without(function, set(fixed))
        return partial


def _signature_without(function: Any, places: set[int]) -> Any:
    """A signature that names the arguments which stay, for messages."""
    names = positional_names(function)
    kept = [name for i, name in enumerate(names) if i not in places]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in kept])


def both_ways(
    function: Any, argnums: Positions, argnames: Names | None
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Positions and names of arguments; one follows from the other where it can."""
    numbers, names = as_positions(argnums), as_names(argnames)
    known = positional_names(function)
    if argnames is None:
        names = tuple(known[n] for n in numbers if -len(known) <= n < len(known))
    elif not numbers:
        numbers = tuple(known.index(name) for name in names if name in known)
    return numbers, names


def check_static(
    function: Any, numbers: tuple[int, ...], names: tuple[str, ...]
) -> None:
    """Raise unless the function has these arguments."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return
    kinds = [p.kind for p in parameters.values()]
    count = len(positional_names(function))
    unknown: list[Any] = []
    if inspect.Parameter.VAR_POSITIONAL not in kinds:
        unknown += [n for n in numbers if not -count <= n < count]
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        unknown += [name for name in names if name not in parameters]
    if not unknown:
        return
    raise errors.StaticArgumentError(
        errors.message(
            f"`{name_of(function)}` has no such argument that could be static.",
            where=user_frame(),
            got=", ".join(map(repr, unknown)),
            expected=f"one of {', '.join(parameters) or 'no arguments'}",
            see=errors.StaticArgumentError.page,
        )
    )


def _check_hashable(name: str, place: int | str, value: Any) -> None:
    try:
        hash(value)
    except TypeError:
        label = place if isinstance(place, str) else f"argument {place}"
        raise errors.StaticArgumentError(
            errors.message(
                f"static {label} of `{name}` is not hashable, so it can not be a key.",
                where=user_frame(),
                got=type(value).__name__,
                expected="a hashable value: a number, string, tuple, frozen dataclass",
                fix="tuple(...) in place of a list, or leave it out of static_argnums",
                see=errors.StaticArgumentError.page,
            )
        ) from None
