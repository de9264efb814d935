"""The settings there are: types, defaults, meanings, and what they can be."""

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

Value = bool | int | str

_TRUE = frozenset(["1", "true", "yes", "on"])
_FALSE = frozenset(["0", "false", "no", "off", ""])


def _parse_bool(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError(text)


def _only(is_valid: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """What keeps a value as it is if it is valid, and gives None if it is not."""
    return lambda value: value if is_valid(value) else None


class Setting(NamedTuple):
    """What is known of a setting: its default and what it does.

    ``normal`` gives a value as it is kept, None for what the setting cannot be.
    """

    default: Value
    meaning: str
    parse: Callable[[str], Value] = _parse_bool
    normal: Callable[[Any], Value | None] = _only(lambda x: isinstance(x, bool))
    expected: str = "True or False"


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _count(default: int, meaning: str) -> Setting:
    return Setting(default, meaning, int, _only(_is_count), "an integer, 0 or greater")


FASTMATH = ("nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc")
"""What compiled arithmetic may be allowed, by LLVM's names; ``fast`` is all of it."""
FASTMATH_EXPECTED = f"False, True, or a set of {', '.join((*FASTMATH, 'fast'))}"


def fastmath_flags(value: bool | str | Iterable[str]) -> str | None:
    """Flags in the order of `FASTMATH`, with spaces between; None if there is one more.

    Examples
    --------
    >>> fastmath_flags({"contract", "arcp"})
    'arcp contract'
    """
    if isinstance(value, bool):
        return "fast" if value else ""
    try:
        given = set(value.split() if isinstance(value, str) else value)
    except TypeError:
        return None
    if not given <= {*FASTMATH, "fast"}:
        return None
    if "fast" in given or len(given) == len(FASTMATH):
        return "fast"
    return " ".join(flag for flag in FASTMATH if flag in given)


def _parse_fastmath(text: str) -> Value:
    try:
        return _parse_bool(text)
    except ValueError:
        return text.replace(",", " ")


def _default_cache_dir() -> str:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(home, "funcgrad")


SETTINGS: Mapping[str, Setting] = {
    "debug_nans": Setting(False, "raise NonFiniteError where a result is NaN"),
    "debug_infs": Setting(False, "raise NonFiniteError where a result is infinite"),
    "disable_jit": Setting(False, "run jitted functions in Python, one op at a time"),
    "check_index": Setting(False, "raise IndexError for bad indices under jit"),
    "enable_checks": Setting(False, "check every jaxpr and loop nest that is made"),
    "log_compiles": Setting(False, "log each compilation, with its duration"),
    "explain_cache_misses": Setting(False, "log why a jitted function traces again"),
    "perf_map": Setting(False, "name compiled functions in /tmp/perf-PID.map"),
    "enable_compilation_cache": Setting(True, "keep compiled code on disk"),
    "compilation_cache_dir": Setting(
        _default_cache_dir(),
        "where compiled code is kept",
        str,
        _only(lambda value: isinstance(value, str) and value != ""),
        "a path",
    ),
    "compilation_cache_max_bytes": _count(1 << 30, "size of that folder; 0: no limit"),
    "threads": _count(0, "threads used by large loops; 0: one per available core"),
    "fastmath": Setting(
        "",
        "what compiled arithmetic may do otherwise than NumPy; False: nothing",
        _parse_fastmath,
        fastmath_flags,
        FASTMATH_EXPECTED,
    ),
    "enable_x64": Setting(
        True,
        "float64 is the default dtype (always: give dtype=np.float32 where wanted)",
        _parse_bool,
        _only(lambda value: value is True),
        "True; results have the dtype that NumPy gives",
    ),
}
