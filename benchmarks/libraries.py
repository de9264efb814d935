"""One interface to every library compared: name -> its functions, loaded on demand."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Library:
    """What workloads use of a library.

    ``jit`` and ``scan`` are None where the library has none. ``array`` makes its kind
    of array, ``ready`` waits for a result. ``plain`` is what programs that are not
    compiled import as ``np``, None where it is not NumPy's interface.
    """

    name: str
    version: str
    np: Any
    grad: Callable[..., Any]
    array: Callable[[Any], Any]
    ready: Callable[[Any], Any]
    jit: Callable[..., Any] | None = None
    scan: Callable[..., Any] | None = None
    plain: Any = None


def version(distribution: str) -> str:
    """The installed version; a checkout on the path need not be installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "checkout"


def load_funcgrad() -> Library:
    """The library in this repository; its arrays are NumPy's, ready when returned."""
    import funcgrad as fg
    import funcgrad.numpy as fnp

    return Library(
        name="funcgrad",
        version=version("funcgrad"),
        np=fnp,
        grad=fg.grad,
        array=np.asarray,
        ready=lambda result: result,
        jit=fg.jit,
        scan=fg.lax.scan,
        plain=np,
    )


def load_jax() -> Library:
    """JAX on the CPU, in double precision as the others."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    return Library(
        name="jax",
        version=jax.__version__,
        np=jnp,
        grad=jax.grad,
        array=jnp.asarray,
        ready=jax.block_until_ready,
        jit=jax.jit,
        scan=jax.lax.scan,
        plain=jnp,
    )


def load_autograd() -> Library:
    """HIPS autograd: no compilation, no loops of its own."""
    import autograd
    import autograd.numpy as anp

    return Library(
        name="autograd",
        version=version("autograd"),
        np=anp,
        grad=autograd.grad,
        array=np.asarray,
        ready=lambda result: result,
        plain=anp,
    )


def load_torch() -> Library:
    """PyTorch's function transforms, run eagerly."""
    import torch

    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    return Library(
        name="torch",
        version=torch.__version__,
        np=torch,
        grad=torch.func.grad,
        array=torch.as_tensor,
        ready=lambda result: result,
    )


LOADERS = {
    "funcgrad": load_funcgrad,
    "jax": load_jax,
    "autograd": load_autograd,
    "torch": load_torch,
}


def installed() -> list[str]:
    """Names of the libraries that can be imported here."""
    return [name for name in LOADERS if importlib.util.find_spec(name) is not None]
