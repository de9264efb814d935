"""Meshes and shardings of one device, and maps over the axes of such a mesh."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from funcgrad import tree
from funcgrad.api.devices import CPU, Device
from funcgrad.api.vectorize import vmap


class PartitionSpec(tuple[Any, ...]):
    """For each axis of an array the name of the mesh's axis that divides it.

    Examples
    --------
    >>> PartitionSpec("i", None)
    PartitionSpec('i', None)
    """

    __slots__ = ()

    def __new__(cls, *names: Any) -> Self:
        return super().__new__(cls, names)

    def __repr__(self) -> str:
        return f"PartitionSpec({', '.join(map(repr, self))})"


class Mesh:
    """An arrangement of the one device along named axes, all of size 1.

    Parameters
    ----------
    devices : array of Device
        The processor, in an array with as many axes as there are names.
    axis_names : sequence of str

    Raises
    ------
    ValueError
        If there is not one name for each axis, or more than one device.
    """

    are_all_axes_explicit = False

    def __init__(self, devices: Any = (), axis_names: Sequence[str] | str = ()) -> None:
        names = (axis_names,) if isinstance(axis_names, str) else tuple(axis_names)
        arranged = np.array(devices if names else CPU, object)
        if arranged.ndim != len(names) or arranged.size != 1:
            raise ValueError(
                f"{names} name the axes of an array of one device; its shape is "
                f"{arranged.shape}"
            )
        self.devices, self.axis_names = arranged, names

    @property
    def shape(self) -> dict[str, int]:
        return dict.fromkeys(self.axis_names, 1)

    @property
    def empty(self) -> bool:
        return not self.axis_names

    def __repr__(self) -> str:
        return f"Mesh({self.shape})"


def make_mesh(
    axis_shapes: Sequence[int], axis_names: Sequence[str], **placement: Any
) -> Mesh:
    """The mesh of the one device along some axes.

    Parameters
    ----------
    axis_shapes : sequence of int
        Ones.
    axis_names : sequence of str
    **placement
        Accepted as in JAX.

    Returns
    -------
    Mesh

    Raises
    ------
    ValueError
        If more than one device is asked for.

    Examples
    --------
    >>> make_mesh((1,), ("chains",))
    Mesh({'chains': 1})
    """
    del placement
    if any(size != 1 for size in axis_shapes):
        raise ValueError(f"there is one device, and {tuple(axis_shapes)} asks for more")
    return Mesh(np.full(tuple(axis_shapes), CPU, object), axis_names)


class Sharding:
    """Where the parts of an array are: the whole of it on the one device."""

    device_set = frozenset({CPU})
    is_fully_addressable = True
    is_fully_replicated = True


class NamedSharding(Sharding):
    """A sharding that names axes of a mesh."""

    def __init__(self, mesh: Mesh, spec: PartitionSpec) -> None:
        self.mesh, self.spec = mesh, spec

    def __repr__(self) -> str:
        return f"NamedSharding(mesh={self.mesh}, spec={self.spec})"


class SingleDeviceSharding(Sharding):
    """A sharding on one device."""

    def __init__(self, device: Device = CPU) -> None:
        self.device = device


REPLICATED = NamedSharding(Mesh(), PartitionSpec())


def shard_map(
    f: Callable[..., Any], *, mesh: Mesh, in_specs: Any, out_specs: Any, **options: Any
) -> Callable[..., Any]:
    """A function of blocks mapped over a mesh: the one block is the whole array.

    Parameters
    ----------
    f : callable
        May use the mesh's axis names in collectives such as ``psum``.
    mesh : Mesh
    in_specs, out_specs, **options
        Accepted as in JAX; they change nothing on one device.

    Returns
    -------
    callable

    Examples
    --------
    >>> from funcgrad import lax
    >>> mesh, spec = make_mesh((1,), ("i",)), PartitionSpec("i")
    >>> total = shard_map(
    ...     lambda x: lax.psum(x, "i"), mesh=mesh, in_specs=spec, out_specs=spec
    ... )
    >>> total(np.arange(3.0)).tolist()
    [0.0, 1.0, 2.0]
    """
    del in_specs, out_specs, options

    @functools.wraps(f)
    def whole(*args: Any) -> Any:
        call: Callable[..., Any] = f
        for name in reversed(mesh.axis_names):
            call = vmap(call, in_axes=None, axis_name=name, axis_size=1)
        results = call(*args)
        first = (0,) * len(mesh.axis_names)
        return tree.map(lambda leaf: leaf[first], results)

    return whole


def pmap(
    f: Callable[..., Any],
    axis_name: str | None = None,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    **options: Any,
) -> Callable[..., Any]:
    """A function mapped over an axis of its arguments, as `vmap` on the one device.

    Parameters
    ----------
    f, axis_name, in_axes, out_axes
        As those of ``vmap``.
    **options
        Accepted as in JAX: devices, and donated and static arguments.

    Returns
    -------
    callable

    Examples
    --------
    >>> pmap(lambda x: x.sum())(np.ones((2, 3))).tolist()
    [3.0, 3.0]
    """
    del options
    return vmap(f, in_axes=in_axes, out_axes=out_axes, axis_name=axis_name)
