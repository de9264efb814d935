"""Modules and names of a package that load when they are first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any


def deferred(
    package: str, modules: Iterable[str] = (), names: dict[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The ``__getattr__`` and ``__dir__`` of a package whose parts load on first use.

    They are the functions of PEP 562.

    The package lists the same names as imports under ``if TYPE_CHECKING``, where type
    checkers and editors read them.

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    modules : iterable of str
        Its submodules, by their own names.
    names : dict of str to str, optional
        Objects to export, and the module that each lives in under the same name, or
        under another: ``module:name``.

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
        home, _, attribute = homes[name].partition(":")
        value = getattr(importlib.import_module(home), attribute or name)
        setattr(sys.modules[package], name, value)
        return value

    def list_names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *submodules, *homes})

    return find, list_names


def homes(package: str, modules: Mapping[str, str]) -> dict[str, str]:
    """The module of each name, from the names of each submodule with spaces between.

    Examples
    --------
    >>> homes("package", {"shapes": "circle square"})
    {'circle': 'package.shapes', 'square': 'package.shapes'}
    """
    return {
        name: f"{package}.{module}"
        for module, names in modules.items()
        for name in names.split()
    }


def deferred_module(name: str) -> Any:
    """A module that loads when something of it is first asked for.

    The importing module names it under ``if TYPE_CHECKING`` too, as `deferred` says.

    Parameters
    ----------
    name : str
        Its full name.

    Returns
    -------
    object with the module's attributes

    Examples
    --------
    >>> colors = deferred_module("colorsys")
    >>> colors.rgb_to_hsv(0.0, 0.0, 0.0)
    (0.0, 0.0, 0.0)
    """
    return _Deferred(name)


class _Deferred:
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)

    def __repr__(self) -> str:
        return f"<module {self._name!r}, deferred>"
