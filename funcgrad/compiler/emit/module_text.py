"""One LLVM module: collects functions, declarations and constants, then prints them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from funcgrad.compiler.emit.value import memory_type

Lines = Callable[[], str]


class ModuleText:
    """Declarations, constants, metadata and functions of one program.

    Attributes
    ----------
    attributes : str
        LLVM attributes of every function that is defined here.
    """

    def __init__(self, attributes: str | None = None) -> None:
        self.attributes = attributes or (
            'nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512"'
        )
        self._bodies: dict[str, Lines] = {}
        self._declarations: dict[str, str] = {}
        self._intrinsics: dict[str, str] = {}
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._constant_lines: list[str] = []
        self._metadata: list[str] = []

    @property
    def externs(self) -> set[str]:
        """Names that the linker must find: called here but not defined here."""
        return set(self._declarations) - set(self._bodies)

    def define(self, name: str, body: Lines) -> None:
        """Add the function ``name``; ``body`` prints its whole definition later."""
        if name in self._bodies:
            raise ValueError(f"function {name!r} is defined twice")
        self._bodies[name] = body

    def declare(
        self, name: str, ret: str, params: Sequence[str], attributes: str = "nounwind"
    ) -> None:
        """Declare the external function ``name``, once."""
        text = f"declare {ret} @{name}({', '.join(params)}) {attributes}".rstrip()
        known = self._declarations.setdefault(name, text)
        if known != text:
            raise ValueError(f"{name!r} is declared both as {known!r} and {text!r}")

    def require(self, symbol: str) -> None:
        """Record a symbol that LLVM itself may call, as memcpy for a large copy."""
        self._declarations.setdefault(symbol, "")

    def intrinsic(self, name: str, ret: str, params: Sequence[str]) -> None:
        """Declare the LLVM intrinsic ``name``, once."""
        if name not in self._intrinsics:
            self._intrinsics[name] = f"declare {ret} @{name}({', '.join(params)})"

    def absorb(self, other: ModuleText) -> None:
        """Take over the functions of ``other`` that are not here, and their needs."""
        assert not other._constants, "names of constants are this module's own"
        self._bodies = {**other._bodies, **self._bodies}
        self._declarations = {**other._declarations, **self._declarations}
        self._intrinsics = {**other._intrinsics, **self._intrinsics}

    def constant(self, array: np.ndarray) -> str:
        """Store ``array`` (C order) as a private constant; return its pointer."""
        array = np.asarray(array)
        data = array.tobytes()
        key = (array.dtype.str, array.shape, data)
        if key not in self._constants:
            memory_type(array.dtype)  # raises for dtypes without machine type
            name = f"@const{len(self._constants)}"
            self._constant_lines.append(_constant_line(name, data))
            self._constants[key] = name
        return self._constants[key]

    def table(self, name: str, array: np.ndarray) -> str:
        """A constant array under a name that all modules share; its pointer."""
        array = np.asarray(array)
        memory_type(array.dtype)  # raises for dtypes without machine type
        symbol = f"@{name}"
        self._bodies.setdefault(name, lambda: _constant_line(symbol, array.tobytes()))
        return symbol

    def metadata(self, node: str) -> str:
        """Add a metadata node, as ``!{!"name"}``; return its reference ``!3``."""
        self._metadata.append(node)
        return f"!{len(self._metadata) - 1}"

    def text(self) -> str:
        """The module as LLVM text, ready for ``parse_assembly``."""
        declared = [
            text
            for name, text in self._declarations.items()
            if text and name not in self._bodies
        ]
        return "\n".join(
            [
                *self._constant_lines,
                *(body() for body in list(self._bodies.values())),
                *declared,
                *self._intrinsics.values(),
                f"attributes #0 = {{ {self.attributes} }}",
                *(f"!{i} = {node}" for i, node in enumerate(self._metadata)),
                "",
            ]
        )


def _constant_line(symbol: str, data: bytes) -> str:
    text = "".join(f"\\{byte:02X}" for byte in data)
    head = f"{symbol} = private unnamed_addr constant [{len(data)} x i8]"
    return f'{head} c"{text}", align 64'
