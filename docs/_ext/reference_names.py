"""The public namespaces, and which of their names the reference and its test cover."""

from __future__ import annotations

import types
from typing import Any

NAMESPACES = [
    "funcgrad",
    "funcgrad.numpy",
    "funcgrad.numpy.fft",
    "funcgrad.numpy.linalg",
    "funcgrad.lax",
    "funcgrad.ops",
    "funcgrad.random",
    "funcgrad.nn",
    "funcgrad.nn.initializers",
    "funcgrad.image",
    "funcgrad.optimizers",
    "funcgrad.scipy.fft",
    "funcgrad.scipy.linalg",
    "funcgrad.scipy.ndimage",
    "funcgrad.scipy.signal",
    "funcgrad.scipy.special",
    "funcgrad.scipy.stats",
    "funcgrad.scipy.optimize",
    "funcgrad.scipy.integrate",
    "funcgrad.scipy.interpolate",
    "funcgrad.tree",
    "funcgrad.tree_util",
    "funcgrad.flatten_util",
    "funcgrad.custom_batching",
    "funcgrad.custom_derivatives",
    "funcgrad.ad_checkpoint",
    "funcgrad.debug",
    "funcgrad.export",
    "funcgrad.test_util",
    "funcgrad.config",
    "funcgrad.errors",
    "funcgrad.compat.jax",
    "funcgrad.compat.autograd",
]

# Of the primitives' package, which ``lax`` and ``numpy`` export, only JAX's names.
ONLY = {
    "funcgrad.ops": ["segment_max", "segment_min", "segment_prod", "segment_sum"],
}


def public_names(module: types.ModuleType) -> list[str]:
    """Names that users import: of ``__all__``, or without a leading underscore.

    Modules, protocols, what typing and the standard library lent, and NumPy's own
    types and constants have their documentation elsewhere.
    """
    listed = ONLY.get(module.__name__, getattr(module, "__all__", None))
    names = sorted(listed if listed is not None else dir(module))
    return [
        name
        for name in names
        if not name.startswith("_") and is_ours(getattr(module, name))
    ]


def is_ours(value: Any) -> bool:
    """Whether funcgrad defines the value."""
    if isinstance(value, types.ModuleType) or getattr(value, "_is_protocol", False):
        return False
    home = getattr(value, "__module__", None) or type(value).__module__
    return str(home).partition(".")[0] == "funcgrad"
