"""Modules that look their names up in funcgrad, and the finder that imports them."""

from __future__ import annotations

import importlib
import inspect
import sys
import types
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from funcgrad import errors
from funcgrad.compat.jax.keywords import taking_jax_keywords
from funcgrad.compat.jax.table import BACKING, MODULES, NAMES, VERSION

_NOTHING = object()


def _backing(path: str) -> Any:
    """What answers for a module of JAX; None where nothing does."""
    if path in BACKING:
        return BACKING[path]
    parent, _, name = path.rpartition(".")
    return getattr(_backing(parent), name, None)


def _missing(path: str) -> str:
    """The text of the error for a name that the stand-in lacks."""
    return errors.message(
        f"funcgrad's stand-in for JAX has no `{path}`.",
        got=f"a use of {path} after funcgrad.compat.jax.install()",
        expected=f"what docs/compat.md lists, of JAX {VERSION}",
        fix="a function of funcgrad that does the same; real JAX, in a process without "
        "install();\nor ask for the name where funcgrad's issues are kept",
    )


class Namespace(types.ModuleType):
    """One module of the stand-in.

    Parameters
    ----------
    path : str
        Its name, ``"jax.numpy"``.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path, f"Stands in for {path}, with functions of funcgrad.")
        self.__path__: list[str] = []
        self.__file__ = __file__
        self._backing = _backing(path)
        self.__dict__.update(NAMES.get(path, {}))

    def __getattr__(self, name: str) -> Any:
        path = f"{self.__name__}.{name}"
        if path in MODULES:
            return importlib.import_module(path)
        found = _NOTHING
        if not name.startswith("_"):
            found = getattr(self._backing, name, _NOTHING)
        if found is _NOTHING:
            raise AttributeError(_missing(path))
        if inspect.isfunction(found):
            found = taking_jax_keywords(found)
        setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        names = {*self.__dict__, *dir(self._backing)}
        return sorted(name for name in names if not name.startswith("_"))


class Finder(MetaPathFinder, Loader):
    """Makes the modules of the stand-in when they are first imported."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: types.ModuleType | None = None,
    ) -> ModuleSpec | None:
        del path, target
        if fullname.split(".", 1)[0] != "jax":
            return None
        if fullname not in MODULES:
            # Without the module's name, so that `from jax import missing` shows it.
            raise ModuleNotFoundError(_missing(fullname))
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return Namespace(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


FINDER = Finder()


def loaded_modules() -> dict[str, types.ModuleType]:
    """The modules called jax, or below, that are imported now."""
    return {
        name: module
        for name, module in sys.modules.items()
        if name.split(".", 1)[0] == "jax"
    }
