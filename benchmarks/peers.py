"""NumPy's and JAX's names for libraries that run eagerly: PyTorch, Autograd.

Workloads are written once, against ``lib.np`` and ``lib.api``; what stands here only
gives the libraries' own functions the names and argument orders used there. Loops are
loops of Python.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np


class Missing(Exception):  # noqa: N818  # no error: the workload is not for the library
    """The library cannot do what a workload asks for."""


class Namespace(SimpleNamespace):
    """Names as attributes; those that are not there are `Missing`."""

    def __getattr__(self, name: str) -> Any:
        raise Missing(name)


def scan(
    step: Callable[..., Any],
    carry: Any,
    xs: Any,
    length: int | None = None,
    *,
    stack: Callable[[list[Any]], Any],
) -> tuple[Any, Any]:
    """``lax.scan`` over one array, or none."""
    results = []
    for i in range(len(xs) if length is None else length):
        carry, y = step(carry, None if xs is None else xs[i])
        results.append(y)
    return carry, None if results[0] is None else stack(results)


def while_loop(
    test: Callable[[Any], Any], body: Callable[[Any], Any], state: Any
) -> Any:
    """``lax.while_loop``."""
    while test(state):
        state = body(state)
    return state


def tree_map(f: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """``tree_util.tree_map`` over lists, tuples and arrays."""
    if isinstance(tree, (list, tuple)):
        return type(tree)(tree_map(f, *row) for row in zip(tree, *others, strict=True))
    return f(tree, *others)


def draw_by_numpy(kind: str, seed: int, size: int, dtype: str) -> Callable[[], Any]:
    """Random numbers from NumPy's default generator."""
    rng = np.random.default_rng(seed)
    if kind == "bits":
        unsigned = np.uint64 if dtype == "float64" else np.uint32
        return lambda: rng.integers(
            0, np.iinfo(unsigned).max, size, unsigned, endpoint=True
        )
    sampler: Any = rng.random if kind == "uniform" else rng.standard_normal
    return lambda: sampler(size, dtype)


def draw_by_torch(kind: str, seed: int, size: int, dtype: str) -> Callable[[], Any]:
    """Random numbers from a generator of PyTorch's."""
    import torch

    options: dict[str, Any] = {"generator": torch.Generator().manual_seed(seed)}
    if kind == "bits":
        signed = torch.int64 if dtype == "float64" else torch.int32
        ends = torch.iinfo(signed)
        return lambda: torch.randint(
            ends.min, ends.max, (size,), dtype=signed, **options
        )
    sampler: Any = torch.rand if kind == "uniform" else torch.randn
    return lambda: sampler(size, dtype=getattr(torch, dtype), **options)


def autograd_api() -> Namespace:
    """Autograd's derivatives by JAX's names; it has no ``vmap``."""
    import autograd
    import autograd.numpy as anp
    from autograd.scipy.special import erf

    def jvp(f: Callable[..., Any], primals: Any, tangents: Any) -> Any:
        return autograd.make_jvp(f)(*primals)(*tangents)

    return Namespace(
        grad=autograd.grad,
        hessian=autograd.hessian,
        jvp=jvp,
        lax=Namespace(
            scan=lambda *args: scan(*args, stack=anp.stack), while_loop=while_loop
        ),
        tree_util=Namespace(tree_map=tree_map),
        scipy=Namespace(special=Namespace(erf=erf)),
    )


class TorchAsNumPy:
    """PyTorch's module, with NumPy's meaning where the name means something else."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self.linalg = torch.linalg
        self.cross, self.dot, self.transpose = (
            torch.linalg.cross,
            torch.matmul,
            torch.permute,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._torch, name)

    def max(self, x: Any, axis: Any = (), keepdims: bool = False) -> Any:
        """The largest entries along axes."""
        return self._torch.amax(x, axis, keepdims)

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger of an array and an array or number, entry by entry."""
        return self._torch.maximum(x, self._torch.as_tensor(y, dtype=x.dtype))

    def zeros(self, shape: Any, dtype: Any) -> Any:
        """An array of zeros."""
        return self._torch.zeros(shape, dtype=dtype)

    def diagonal(self, x: Any, axis1: int, axis2: int) -> Any:
        """The diagonals of matrices."""
        return self._torch.diagonal(x, dim1=axis1, dim2=axis2)

    def sort(self, x: Any) -> Any:
        """The entries in order."""
        return self._torch.sort(x).values

    def cumsum(self, x: Any) -> Any:
        """Sums of all entries up to each."""
        return self._torch.cumsum(x, 0)

    def median(self, x: Any) -> Any:
        """The middle, or the mean of two; PyTorch's own median is the lower of them."""
        return self._torch.quantile(x, 0.5)


def torch_api(torch: Any) -> Namespace:
    """PyTorch's function transforms by JAX's names."""
    functional = torch.nn.functional

    def segment_sum(x: Any, segments: Any, num_segments: int) -> Any:
        zeros = torch.zeros(num_segments, dtype=x.dtype)
        return zeros.index_add(0, segments, x)

    def convolution(
        x: Any, kernel: Any, strides: Any, padding: str, dimension_numbers: Any
    ) -> Any:
        assert dimension_numbers == ("NHWC", "HWIO", "NHWC")
        y = functional.conv2d(
            x.permute(0, 3, 1, 2),
            kernel.permute(3, 2, 0, 1),
            stride=strides,
            padding=padding.lower(),
        )
        return y.permute(0, 2, 3, 1)

    return Namespace(
        grad=torch.func.grad,
        vmap=lambda f, in_axes=0: torch.func.vmap(f, in_dims=in_axes),
        jacfwd=torch.func.jacfwd,
        hessian=torch.func.hessian,
        jvp=torch.func.jvp,
        lax=Namespace(
            scan=lambda *args: scan(*args, stack=torch.stack),
            while_loop=while_loop,
            conv_general_dilated=convolution,
        ),
        tree_util=Namespace(tree_map=tree_map),
        ops=Namespace(segment_sum=segment_sum),
        scipy=Namespace(special=Namespace(erf=torch.special.erf)),
    )
