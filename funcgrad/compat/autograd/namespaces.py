"""Names of a namespace looked up in others, in order."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

_NOTHING = object()


def names_of(
    module: str, *sources: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a module that has the names of others.

    Parameters
    ----------
    module : str
        Its name.
    *sources : str
        Paths of the objects that are asked, such as ``"numpy.linalg"``, in order. One
        that does not exist is passed over. They are imported at the first question.

    Returns
    -------
    getattr, dir : callable

    Examples
    --------
    >>> get, _ = names_of("example", "funcgrad.numpy", "numpy")
    >>> get("sin").__name__
    'sin'
    """
    found: list[Any] = []

    def answering() -> list[Any]:
        if not found:
            found.extend(x for x in map(_resolve, sources) if x is not _NOTHING)
        return found

    def get(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        for source in answering():
            value = getattr(source, name, _NOTHING)
            if value is not _NOTHING:
                return value
        raise AttributeError(
            f"{module} has no {name!r}: {' and '.join(sources)} have none"
        )

    def names() -> list[str]:
        every = {name for source in answering() for name in dir(source)}
        return sorted(name for name in every if not name.startswith("_"))

    return get, names


def _resolve(path: str) -> Any:
    """The object at a path: a module, or an attribute of one."""
    first, *rest = path.split(".")
    value: Any = importlib.import_module(first)
    for number, name in enumerate(rest, 1):
        value = getattr(value, name, _NOTHING)
        if value is _NOTHING:
            module = ".".join([first, *rest[:number]])
            if importlib.util.find_spec(module) is None:
                return _NOTHING
            value = importlib.import_module(module)
    return value
