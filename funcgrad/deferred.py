"""Modules and names of a package that load when they are first used (PEP 562)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable
from typing import Any


def deferred(
    package: str, modules: Iterable[str] = (), names: dict[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` of a package whose parts load on first use.

    The package lists the same names as imports under ``if TYPE_CHECKING``, where type
    checkers and editors read them.

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    modules : iterable of str
        Its submodules, by their own names.
    names : dict of str to str, optional
        Objects to export, and the module that each lives in under the same name.

    Returns
    -------
    tuple of two functions

    Examples
    --------
    >>> find, _ = deferred("email", ["message"])
    >>> find("message").__name__
    'email.message'
    """
    submodules = frozenset(modules)
    homes = names or {}

    def find(name: str) -> Any:
        if name in submodules:
            return importlib.import_module(f"{package}.{name}")
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *submodules, *homes})

    return find, list_names
