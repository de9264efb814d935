"""Mathematical functions as explicit vector code, by name, for ``Builder.math``."""

from __future__ import annotations

from collections.abc import Callable

from funcgrad.compiler.value import Value
from funcgrad.compiler.vecmath import remainder, roots

Emit = Callable[..., Value]

REAL: dict[str, Emit] = {
    "fmod": remainder.fmod,
    "hypot": roots.hypot,
    "sqrt": roots.sqrt,
}
COMPLEX: dict[str, Emit] = {}

# Emitted at the place of use: a call would cost more than the instruction.
INLINE = frozenset({"sqrt"})
