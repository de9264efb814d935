"""One interface to every library compared: name -> its functions, loaded on demand."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers import (
    TorchAsNumPy,
    autograd_api,
    draw_by_numpy,
    draw_by_torch,
    torch_api,
)

EAGER_STEPS = 100


@dataclass(frozen=True)
class Library:
    """What workloads use of a library.

    ``grad`` is None where the library has no derivatives, ``jit`` where it does not
    compile; ``fused_jit`` may fuse products with sums and divide by products with
    inverses, as XLA always does, None where there is no choice. ``api`` (the module
    with JAX's interface: ``api.vmap``, ``api.lax.scan``, ``api.random``) is None where
    it has none. ``as_array`` makes its kind of array, ``ready`` waits for a result,
    ``forget`` drops what the library keeps of earlier programs. ``plain`` is what
    programs that are not compiled import as ``np``, None where it is not NumPy's
    interface. Floating-point data is of ``dtype``.

    Eager libraries run loops of at most ``most_steps``, as loops of Python. ``add_at``
    adds numbers to entries of an array; ``draw`` makes the call that draws a kind of
    random numbers, None where that is ``api.random``'s; ``takes_floats`` tells whether
    derivatives are taken by Python's floats.
    """

    name: str
    np: Any
    grad: Any
    as_array: Callable[[Any], Any]
    ready: Callable[[Any], Any]
    jit: Callable[..., Any] | None = None
    fused_jit: Callable[..., Any] | None = None
    api: Any = None
    plain: Any = None
    forget: Callable[[], None] = lambda: None
    most_steps: int | None = None
    add_at: Callable[..., Any] | None = lambda x, i, v: x.at[i].add(v)
    draw: Callable[..., Callable[[], Any]] | None = None
    takes_floats: bool = True
    dtype: str = "float64"

    @property
    def version(self) -> str:
        """The installed version."""
        return version(self.name)

    def array(self, value: Any) -> Any:
        """The data as an array of the library, floating-point data as ``dtype``."""
        data = np.asarray(value)
        if data.dtype.kind == "f":
            data = data.astype(self.dtype)
        return self.as_array(data)

    def arrays(self, tree: Any) -> Any:
        """The same for data nested in tuples, lists and dicts."""
        if isinstance(tree, dict):
            return {key: self.arrays(value) for key, value in tree.items()}
        if isinstance(tree, (tuple, list)):
            return type(tree)(self.arrays(value) for value in tree)
        return self.array(tree)


def version(distribution: str) -> str:
    """The installed version; a checkout on the path need not be installed."""
    # Not of the library's own time, which a process is measured by from its start.
    import importlib.metadata

    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "checkout"


def load_funcgrad(dtype: str = "float64") -> Library:
    """The library in this repository; its arrays are NumPy's, ready when returned."""
    from functools import partial

    import funcgrad as fg
    import funcgrad.numpy as fnp

    return Library(
        name="funcgrad",
        np=fnp,
        grad=fg.grad,
        as_array=np.asarray,
        ready=lambda result: result,
        jit=fg.jit,
        fused_jit=partial(fg.jit, fastmath={"contract", "arcp"}),
        api=fg,
        plain=np,
        forget=fg.clear_caches,
        dtype=dtype,
    )


def load_jax(dtype: str = "float64") -> Library:
    """JAX on the CPU; double precision is switched on when it is asked for."""
    import jax
    import jax.numpy as jnp
    import jax.scipy.special

    jax.config.update("jax_enable_x64", dtype == "float64")
    jax.config.update("jax_platforms", "cpu")
    return Library(
        name="jax",
        np=jnp,
        grad=jax.grad,
        as_array=jnp.asarray,
        ready=jax.block_until_ready,
        jit=jax.jit,
        fused_jit=jax.jit,
        api=jax,
        plain=jnp,
        forget=jax.clear_caches,
        dtype=dtype,
    )


def load_numpy(dtype: str = "float64") -> Library:
    """NumPy itself, one operation at a time."""
    return Library(
        name="numpy",
        np=np,
        grad=None,
        as_array=np.asarray,
        ready=lambda result: result,
        plain=np,
        add_at=None,
        draw=draw_by_numpy,
        dtype=dtype,
    )


def load_autograd(dtype: str = "float64") -> Library:
    """HIPS autograd: no compilation, no loops of its own."""
    import autograd
    import autograd.numpy as anp

    return Library(
        name="autograd",
        np=anp,
        grad=autograd.grad,
        as_array=np.asarray,
        ready=lambda result: result,
        api=autograd_api(),
        plain=anp,
        most_steps=EAGER_STEPS,
        add_at=None,
        dtype=dtype,
    )


def load_torch(dtype: str = "float64") -> Library:
    """PyTorch's function transforms, run eagerly."""
    import torch

    torch.set_default_dtype(getattr(torch, dtype))
    return Library(
        name="torch",
        np=TorchAsNumPy(torch),
        grad=torch.func.grad,
        as_array=torch.as_tensor,
        ready=lambda result: result,
        api=torch_api(torch),
        plain=TorchAsNumPy(torch),
        most_steps=EAGER_STEPS,
        add_at=lambda x, i, v: x.index_add(0, i, v),
        draw=draw_by_torch,
        takes_floats=False,
        dtype=dtype,
    )


LOADERS: dict[str, Callable[[str], Library]] = {
    "funcgrad": load_funcgrad,
    "jax": load_jax,
    "numpy": load_numpy,
    "autograd": load_autograd,
    "torch": load_torch,
}


def installed() -> list[str]:
    """Names of the libraries that can be imported here."""
    return [name for name in LOADERS if importlib.util.find_spec(name) is not None]
