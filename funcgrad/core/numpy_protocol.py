"""How operators, methods and NumPy's own functions reach operations on traced values.

Tables that ``ops/`` and ``numpy/`` fill; tracers look their operations up here, so that
the core names none of them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

operators: dict[str, Callable[..., Any]] = {}
"""Python's operators by their ``operator`` module name: ``add``, ``lt``, ``neg``."""
methods: dict[str, Callable[..., Any]] = {}
"""The ndarray methods and indexing: ``sum``, ``reshape``, ``getitem``, ``at``."""
ufuncs: dict[np.ufunc, Callable[..., Any]] = {}
"""NumPy's and SciPy's universal functions."""
special_ufuncs: dict[str, Callable[..., Any]] = {}
"""Those of ``scipy.special`` by name: it is loaded only where a program uses it."""
functions: dict[Callable[..., Any], Callable[..., Any]] = {}
"""NumPy's other functions."""
ufunc_methods: dict[str, Callable[..., Any]] = {}
"""``reduce``, ``accumulate``, ``outer``, ``at``: (ufunc, *args, **kwargs)."""
deferred: dict[str, str] = {}
"""Packages, functions and methods (``numpy.fft``, ``numpy.unique``,
``numpy.ndarray.sort``) to modules of ours that answer for them, not yet loaded."""


def load_answers(name: str) -> None:
    """Load the module that answers for a package, function or method, if that waits."""
    module = deferred.pop(name, None)
    if module is not None:
        importlib.import_module(module)


def full_name(ufunc: np.ufunc) -> str:
    """A universal function with the package that has it: ``scipy.special.erf``."""
    special = sys.modules.get("scipy.special")
    is_special = getattr(special, ufunc.__name__, None) is ufunc
    return f"{'scipy.special' if is_special else 'numpy'}.{ufunc.__name__}"


def find_ufunc(ufunc: np.ufunc) -> Callable[..., Any] | None:
    """The operation that a universal function is on traced values, if there is one."""
    function = ufuncs.get(ufunc)
    if function is None:
        special = sys.modules.get("scipy.special")
        if getattr(special, ufunc.__name__, None) is ufunc:
            load_answers("scipy.special")
            function = special_ufuncs.get(ufunc.__name__)
    return function


def find_function(function: Any) -> Callable[..., Any] | None:
    """What answers for one of NumPy's other functions, if anything does."""
    known = functions.get(function)
    if known is None:
        package = function.__module__
        load_answers(package)
        load_answers(f"{package}.{getattr(function, '__name__', '')}")
        known = functions.get(function)
    return known


def find_method(name: str) -> Callable[..., Any] | None:
    """What answers for a method of arrays, if anything does."""
    if name not in methods:
        load_answers(f"numpy.ndarray.{name}")
    return methods.get(name)


def defines_operator(name: str) -> Callable[[F], F]:
    """Decorator: this function is Python's operator ``name``."""

    def register(function: F) -> F:
        operators[name] = function
        return function

    return register


def defines_method(name: str) -> Callable[[F], F]:
    """Decorator: this function is the array method ``name``."""

    def register(function: F) -> F:
        methods[name] = function
        return function

    return register


def implements(*targets: Any) -> Callable[[F], F]:
    """Decorator: this function answers for NumPy's ``targets`` on traced values."""

    def register(function: F) -> F:
        for target in targets:
            table: dict[Any, Any] = (
                ufuncs if isinstance(target, np.ufunc) else functions
            )
            table[target] = function
        return function

    return register
