"""Which module answers for each of JAX's modules, and under which names.

A module of JAX is funcgrad's module of the same path, where the table says no more. The
names here are those that JAX has and funcgrad needs not, or has elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import funcgrad
from funcgrad import core, errors, flatten_util
from funcgrad.api import devices
from funcgrad.compat.jax import (
    array_type,
    control_flow,
    linear_algebra,
    placement,
    sharding,
)
from funcgrad.compat.jax.keywords import taking_jax_keywords
from funcgrad.core.aval import ShapedArray, float0
from funcgrad.core.dtypes import result_type_of
from funcgrad.core.jaxpr import ClosedJaxpr, Jaxpr, Literal, Var
from funcgrad.core.trace import Tracer
from funcgrad.ops.control import custom_rules

VERSION = "0.10.2"
"""The version of JAX that the names and signatures are those of."""

Names = Mapping[str, Any]

NAMES: Mapping[str, Names] = {
    "jax": {
        "__version__": VERSION,
        "__version_info__": tuple(map(int, VERSION.split("."))),
        "Array": array_type.Array,
        "Device": devices.Device,
        "NamedSharding": sharding.NamedSharding,
        "P": sharding.PartitionSpec,
        "config": placement.settings,
        "local_device_count": devices.device_count,
        "local_devices": devices.devices,
        "make_mesh": sharding.make_mesh,
        "pmap": sharding.pmap,
        "shard_map": sharding.shard_map,
        "typeof": array_type.typeof,
    },
    "jax.core": {
        "ClosedJaxpr": ClosedJaxpr,
        "Jaxpr": Jaxpr,
        "Literal": Literal,
        "ShapedArray": ShapedArray,
        "Tracer": Tracer,
        "Var": Var,
    },
    "jax.custom_derivatives": {"SymbolicZero": custom_rules.SymbolicZero},
    "jax.dtypes": {
        "canonicalize_dtype": array_type.canonicalize_dtype,
        "extended": array_type.extended,
        "float0": float0,
        "issubdtype": np.issubdtype,
        "prng_key": array_type.prng_key,
        "result_type": result_type_of,
    },
    "jax.errors": {"JaxRuntimeError": errors.CompilerError},
    "jax.experimental": {"enable_x64": funcgrad.enable_x64},
    "jax.lax": {
        "cond": control_flow.cond,
        "dtype": lambda x: array_type.typeof(x).dtype,
        "fori_loop": control_flow.fori_loop,
        "scan": control_flow.scan,
        "switch": control_flow.switch,
        "while_loop": control_flow.while_loop,
    },
    "jax.lax.linalg": {
        "cholesky": linear_algebra.lax_cholesky,
        "eigh": linear_algebra.lax_eigh,
    },
    "jax.numpy": {
        "einsum": taking_jax_keywords(funcgrad.numpy.einsum, {"optimize"}),
        "ndarray": array_type.Array,
    },
    "jax.numpy.linalg": {
        "cholesky": linear_algebra.cholesky,
        "eig": linear_algebra.eig,
        "eigvals": linear_algebra.eigvals,
        "eigh": linear_algebra.eigh,
        "eigvalsh": linear_algebra.eigvalsh,
    },
    "jax.sharding": {
        "Mesh": sharding.Mesh,
        "NamedSharding": sharding.NamedSharding,
        "PartitionSpec": sharding.PartitionSpec,
        "Sharding": sharding.Sharding,
        "SingleDeviceSharding": sharding.SingleDeviceSharding,
    },
    "jax.typing": {
        "ArrayLike": array_type.ArrayLike,
        "DTypeLike": array_type.DTypeLike,
    },
}

BACKING: Mapping[str, Any] = {
    "jax": funcgrad,
    "jax.core": core,
    "jax._src": None,
    "jax._src.flatten_util": flatten_util,
    "jax.dtypes": None,
    "jax.experimental": None,
    "jax.sharding": None,
    "jax.typing": None,
}
"""What answers for a module that has another path in funcgrad; None: only `NAMES`."""

MODULES = frozenset(
    "jax "
    "jax._src jax._src.flatten_util "
    "jax.ad_checkpoint jax.core jax.custom_batching jax.custom_derivatives jax.debug "
    "jax.dtypes jax.errors jax.experimental jax.flatten_util jax.image jax.lax "
    "jax.lax.linalg jax.nn jax.nn.initializers jax.numpy jax.numpy.fft "
    "jax.numpy.linalg jax.ops jax.random jax.scipy jax.scipy.cluster "
    "jax.scipy.cluster.vq jax.scipy.fft jax.scipy.integrate jax.scipy.interpolate "
    "jax.scipy.linalg jax.scipy.ndimage jax.scipy.optimize jax.scipy.signal "
    "jax.scipy.sparse jax.scipy.sparse.linalg jax.scipy.spatial "
    "jax.scipy.spatial.transform jax.scipy.special jax.scipy.stats "
    "jax.scipy.stats.bernoulli jax.scipy.stats.beta jax.scipy.stats.betabinom "
    "jax.scipy.stats.binom jax.scipy.stats.cauchy jax.scipy.stats.chi2 "
    "jax.scipy.stats.dirichlet jax.scipy.stats.expon jax.scipy.stats.gamma "
    "jax.scipy.stats.gennorm jax.scipy.stats.geom jax.scipy.stats.gumbel_l "
    "jax.scipy.stats.gumbel_r jax.scipy.stats.laplace jax.scipy.stats.logistic "
    "jax.scipy.stats.multinomial jax.scipy.stats.multivariate_normal "
    "jax.scipy.stats.nbinom jax.scipy.stats.norm jax.scipy.stats.pareto "
    "jax.scipy.stats.poisson jax.scipy.stats.t jax.scipy.stats.truncnorm "
    "jax.scipy.stats.uniform jax.scipy.stats.vonmises jax.scipy.stats.wrapcauchy "
    "jax.sharding jax.test_util jax.tree jax.tree_util jax.typing".split()
)
"""The modules of JAX that can be imported: libraries import more than they use.

Where funcgrad has nothing that answers for one, it is imported empty.
"""
