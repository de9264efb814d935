"""Takes long functions that many programs share out of a program's text.

`executable` compiles each of these libraries once per machine, which saves most of the
time that a program with vector mathematics or LAPACK takes to compile.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

# Patterns are text: `re` compiles each when it is first used, not at import.
# Functions of vector mathematics, and kernels; not the parts of a kernel.
_SHARED = r"vm\.|fg_kernel_\w+$"
# A library costs some 2 ms once, and a fifth of one to load: not worth it for less.
_LEAST_LINES = 25
_NAME = r"@([\w.$-]+)"
_HEAD = r"define internal (?P<type>.+?) @(?P<name>[\w.$-]+)\((?P<args>.*)\)"
_ARGUMENT = r" %[\w.$-]+"


class Split(NamedTuple):
    """A program's text that calls libraries, and these, each after what it calls.

    The libraries are by the name that their function has in the program.
    """

    text: str
    libraries: dict[str, str]


def split_libraries(text: str, kernel_name: Callable[[str], str]) -> Split:
    """Make long shared functions of a module libraries.

    Parameters
    ----------
    text : str
        LLVM assembly; each top-level entity starts a line, a function ends with a
        line ``}``.
    kernel_name : callable
        Gives the symbol of a library from its text.
    """
    splitter = _Splitter(text, kernel_name)
    if not splitter.shared:
        return Split(text, {})
    kept = [
        entity
        for name, entity in splitter.entities.items()
        if name not in splitter.shared
    ]
    program = splitter.link("\n".join(kept + splitter.others))
    return Split(program, splitter.libraries)


class _Splitter:
    def __init__(self, text: str, kernel_name: Callable[[str], str]) -> None:
        self.kernel_name = kernel_name
        self.entities: dict[str, str] = {}  # functions, declarations, constants
        self.others: list[str] = []  # attributes, metadata
        for entity in _entities(text):
            name = _defined_name(entity)
            if name is None:
                self.others.append(entity)
            else:
                self.entities[name] = entity
        self.shared = {
            name for name, entity in self.entities.items() if _is_shared(name, entity)
        }
        self.libraries: dict[str, str] = {}  # by name in the program, callees first
        self.symbols: dict[str, str] = {}
        self.declarations: dict[str, str] = {}

    def link(self, text: str) -> str:
        """The text with shared functions called by their symbols, and declared."""
        return _linked(text, self._called(re.findall(_NAME, text)))

    def _called(self, names: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
        """The shared functions among the names: name, symbol and declaration."""
        used = sorted(self.shared.intersection(names))
        for name in used:
            self._make(name)
        return tuple([(n, self.symbols[n], self.declarations[n]) for n in used])

    def _make(self, name: str) -> None:
        if name in self.libraries:
            return
        entity = self.entities[name]
        needs = [self.entities[other] for other in self._needs(name)]
        text = _library_text(name, entity, *self.others, *needs)
        called = self._called(_names(text))
        library, symbol = _library(text, called, self.kernel_name)
        self.libraries[name] = library
        self.symbols[name] = symbol
        head = re.match(_HEAD, entity)
        assert head is not None
        arguments = re.sub(_ARGUMENT, "", head["args"])
        self.declarations[name] = f"declare {head['type']} @{symbol}({arguments})"

    def _needs(self, name: str) -> list[str]:
        """What a library has to hold beside its function, other libraries apart."""
        found: dict[str, None] = {}
        pending = [name]
        while pending:
            for other in _names(self.entities[pending.pop()]):
                known = other in found or other == name or other in self.shared
                if other in self.entities and not known:
                    found[other] = None
                    pending.append(other)
        return list(found)


@functools.lru_cache(maxsize=256)
def _names(entity: str) -> list[str]:
    """What an entity names, itself too."""
    return re.findall(_NAME, entity)


@functools.lru_cache(maxsize=256)
def _library_text(name: str, entity: str, *others: str) -> str:
    """A function, visible outside, and what it needs."""
    text = "\n".join([entity.replace("define internal", "define", 1), *others])
    return re.sub(rf"@{re.escape(name)}(?=\()", "@FG_KERNEL", text)


def _linked(text: str, called: tuple[tuple[str, str, str], ...]) -> str:
    symbols = {name: symbol for name, symbol, _ in called}
    if symbols:
        text = re.sub(_NAME, lambda m: f"@{symbols.get(m[1], m[1])}", text)
    return "\n".join([text, *(declaration for _, _, declaration in called), ""])


@functools.lru_cache(maxsize=256)
def _library(
    text: str,
    called: tuple[tuple[str, str, str], ...],
    kernel_name: Callable[[str], str],
) -> tuple[str, str]:
    """A library that calls others by their symbols, and its own symbol."""
    library = _linked(text, called)
    return library, kernel_name(library)


def _entities(text: str) -> Iterator[str]:
    """Functions whole, all else line by line."""
    function: list[str] = []
    for line in text.splitlines():
        if function or line.startswith("define"):
            function.append(line)
            if line == "}":
                yield "\n".join(function)
                function = []
        elif line:
            yield line


def _defined_name(entity: str) -> str | None:
    if entity.startswith(("define", "declare", "@")):
        match = re.search(_NAME, entity)
        return None if match is None else match[1]
    return None


def _is_shared(name: str, entity: str) -> bool:
    return (
        re.match(_SHARED, name) is not None
        and re.match(_HEAD, entity) is not None
        and entity.count("\n") >= _LEAST_LINES
    )
