"""The settings of the process and of its threads, and how to change them.

`config` is read by every layer (``config.debug_nans``); ``config.update`` changes a
setting for the whole process, a context manager for one block in one thread.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from funcgrad.errors import ConfigError, message
from funcgrad.settings import SETTINGS, Value

__all__ = [
    "Config",
    "check_index",
    "config",
    "debug_infs",
    "debug_nans",
    "disable_jit",
    "enable_checks",
    "log_compiles",
    "override",
]


class _Modes:
    """Whether a call of a compiled function must look at the settings at all."""

    __slots__ = ("_lock", "special")

    def __init__(self) -> None:
        self.special = 0
        self._lock = threading.Lock()

    def change(self, by: int) -> None:
        """Count a change of how calls run, or its end; threads may do so at once."""
        with self._lock:
            self.special += by


modes = _Modes()
"""``special`` is not zero while any thread has changed how calls run."""
_CALL_SETTINGS = frozenset({"disable_jit", "debug_nans", "debug_infs", "check_index"})


class Config(threading.local):
    """The settings as attributes.

    The class holds the values of the process; an instance attribute, which
    ``threading.local`` keeps apart for each thread, overrides one inside a block. So
    reading is one attribute access and needs no lock.

    Examples
    --------
    >>> from funcgrad.config import config
    >>> config.disable_jit
    False
    >>> config.update("check_index", True)
    >>> config.check_index
    True
    >>> config.update("check_index", False)
    """

    debug_nans: bool
    debug_infs: bool
    disable_jit: bool
    check_index: bool
    enable_checks: bool
    log_compiles: bool
    explain_cache_misses: bool
    perf_map: bool
    enable_compilation_cache: bool
    compilation_cache_dir: str
    compilation_cache_max_bytes: int
    threads: int
    fastmath: str
    enable_x64: bool

    def update(self, name: str, value: Value | Iterable[str]) -> None:
        """Change a setting for the whole process.

        Parameters
        ----------
        name : str
            One of `SETTINGS`; JAX's spelling (``"jax_debug_nans"``) is understood.
        value : bool, int, str or set of str
            The new value; blocks that override the setting keep theirs.

        Raises
        ------
        ConfigError
            If there is no such setting, or it cannot have this value.
        """
        name = _known(name)
        value = _checked(name, value)
        if name in _CALL_SETTINGS:
            modes.change(bool(value) - bool(getattr(Config, name)))
        setattr(Config, name, value)
        _tell(name, value)

    def values(self) -> dict[str, Value]:
        """Every setting with its value in this thread."""
        return {name: getattr(self, name) for name in SETTINGS}

    @property
    def trace_key(self) -> tuple[bool, bool, bool]:
        """The settings that change what a function compiles to, for cache keys."""
        return (self.check_index, self.debug_nans, self.debug_infs)

    def __setattr__(self, name: str, value: Value) -> None:
        self.update(name, value)

    def __repr__(self) -> str:
        lines = [
            f"{name} = {value!r}  # {SETTINGS[name].meaning}"
            for name, value in self.values().items()
        ]
        return "\n".join(lines)


_watchers: dict[str, list[Callable[[Value], None]]] = {}


def watch(name: str, callback: Callable[[Value], None]) -> None:
    """Call ``callback`` with the value of a setting whenever it changes."""
    _watchers.setdefault(name, []).append(callback)


def _tell(name: str, value: Value) -> None:
    for callback in _watchers.get(name, ()):
        callback(value)


def _unknown(name: str) -> str:
    return message(
        f"there is no setting `{name}`.", got=name, expected=", ".join(SETTINGS)
    )


def _known(name: str) -> str:
    known = name.removeprefix("jax_")
    if known not in SETTINGS:
        raise ConfigError(_unknown(name))
    return known


def _checked(name: str, value: Value | Iterable[str]) -> Value:
    setting = SETTINGS[name]
    kept = setting.normal(value)
    if kept is None:
        raise ConfigError(
            message(
                f"setting `{name}` cannot be {value!r}.",
                got=repr(value),
                expected=setting.expected,
            )
        )
    return kept


def initial_values(environment: Mapping[str, str]) -> dict[str, Value]:
    """The settings at start: ``FUNCGRAD_DEBUG_NANS=1`` and so on, else the defaults.

    Raises
    ------
    ConfigError
        If a variable holds something that its setting cannot be.
    """
    values: dict[str, Value] = {}
    for name, setting in SETTINGS.items():
        variable = f"FUNCGRAD_{name.upper()}"
        text = environment.get(variable)
        if text is None:
            values[name] = setting.default
            continue
        try:
            value = setting.parse(text)
        except ValueError:
            raise ConfigError(
                message(
                    f"environment variable {variable} cannot be read.",
                    got=repr(text),
                    expected=setting.expected,
                )
            ) from None
        values[name] = _checked(name, value)
    return values


def _alias(name: str) -> property:
    return property(lambda self: getattr(self, name), doc=f"JAX's name of `{name}`.")


# JAX's names are properties and not a ``__getattr__``, which would slow all reads.
for _name, _value in initial_values(os.environ).items():
    setattr(Config, _name, _value)
    modes.special += _name in _CALL_SETTINGS and bool(_value)
    setattr(Config, f"jax_{_name}", _alias(_name))

config = Config()


@contextmanager
def override(name: str, value: Value | Iterable[str]) -> Iterator[None]:
    """Give a setting another value inside a block, in this thread only.

    Raises
    ------
    ConfigError
        If there is no such setting, or it cannot have this value.

    Examples
    --------
    >>> with override("threads", 1):
    ...     config.threads
    1
    """
    name = _known(name)
    value = _checked(name, value)
    overrides = config.__dict__
    before = overrides.get(name)
    overrides[name] = value
    _tell(name, value)
    modes.change(1)
    try:
        yield
    finally:
        modes.change(-1)
        if before is None:
            del overrides[name]
        else:
            overrides[name] = before
        _tell(name, getattr(config, name))


@contextmanager
def debug_nans(enable: bool = True) -> Iterator[None]:
    """Inside the block, raise `NonFiniteError` where a result is NaN.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> with fg.debug_nans():
    ...     fg.jit(lambda x: np.log(x))(-1.0)
    Traceback (most recent call last):
    funcgrad.errors.NonFiniteError: ...
    """
    with override("debug_nans", enable):
        yield


@contextmanager
def debug_infs(enable: bool = True) -> Iterator[None]:
    """Inside the block, raise `NonFiniteError` where a result is infinite.

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.debug_infs():
    ...     fg.jit(lambda x: 1.0 / x)(0.0)
    Traceback (most recent call last):
    funcgrad.errors.NonFiniteError: ...
    """
    with override("debug_infs", enable):
        yield


@contextmanager
def disable_jit(disable: bool = True) -> Iterator[None]:
    """Inside the block, run jitted functions in Python: print and pdb see values.

    Examples
    --------
    >>> import funcgrad as fg
    >>> @fg.jit
    ... def f(x):
    ...     print("x is", x)
    ...     return 2 * x
    >>> with fg.disable_jit():
    ...     y = f(3.0)
    x is 3.0
    """
    with override("disable_jit", disable):
        yield


@contextmanager
def check_index(enable: bool = True) -> Iterator[None]:
    """Inside the block, compiled code raises `IndexError` for an index out of range.

    Examples
    --------
    >>> import funcgrad as fg
    >>> import numpy as np
    >>> with fg.check_index():
    ...     fg.jit(lambda x, i: x[i])(np.arange(3.0), 7)
    Traceback (most recent call last):
    funcgrad.errors.IndexOutOfBoundsError: ...
    """
    with override("check_index", enable):
        yield


@contextmanager
def enable_checks(enable: bool = True) -> Iterator[None]:
    """Inside the block, check every jaxpr and loop nest that is made.

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.enable_checks():
    ...     fg.jit(lambda x: 2 * x)(3.0)
    np.float64(6.0)
    """
    with override("enable_checks", enable):
        yield


@contextmanager
def log_compiles(enable: bool = True) -> Iterator[None]:
    """Inside the block, log each compilation.

    Examples
    --------
    >>> import funcgrad as fg
    >>> with fg.log_compiles(False):
    ...     fg.jit(lambda x: x + 1)(3.0)
    np.float64(4.0)
    """
    with override("log_compiles", enable):
        yield
