"""Composable transforms of NumPy functions: derivatives, batching and compilation."""

from typing import TYPE_CHECKING

from funcgrad import core as core
from funcgrad import numpy as numpy
from funcgrad import tree as tree
from funcgrad.api.cache_misses import explain_recompiles as explain_recompiles
from funcgrad.api.caches import clear_caches as clear_caches
from funcgrad.api.derivatives import jvp as jvp
from funcgrad.api.derivatives import linear_transpose as linear_transpose
from funcgrad.api.derivatives import linearize as linearize
from funcgrad.api.derivatives import vjp as vjp
from funcgrad.api.devices import block_until_ready as block_until_ready
from funcgrad.api.devices import default_backend as default_backend
from funcgrad.api.devices import device_count as device_count
from funcgrad.api.devices import device_get as device_get
from funcgrad.api.devices import device_put as device_put
from funcgrad.api.devices import devices as devices
from funcgrad.api.devices import enable_x64 as enable_x64
from funcgrad.api.devices import process_count as process_count
from funcgrad.api.devices import process_index as process_index
from funcgrad.api.gradient import grad as grad
from funcgrad.api.gradient import stop_gradient as stop_gradient
from funcgrad.api.gradient import value_and_grad as value_and_grad
from funcgrad.api.jacobians import hessian as hessian
from funcgrad.api.jacobians import hvp as hvp
from funcgrad.api.jacobians import jacfwd as jacfwd
from funcgrad.api.jacobians import jacobian as jacobian
from funcgrad.api.jacobians import jacrev as jacrev
from funcgrad.api.jit import jit as jit
from funcgrad.api.staging import ShapeDtypeStruct as ShapeDtypeStruct
from funcgrad.api.staging import closure_convert as closure_convert
from funcgrad.api.staging import eval_shape as eval_shape
from funcgrad.api.staging import make_jaxpr as make_jaxpr
from funcgrad.api.staging import named_call as named_call
from funcgrad.api.vectorize import vmap as vmap
from funcgrad.config import check_index as check_index
from funcgrad.config import config as config
from funcgrad.config import debug_infs as debug_infs
from funcgrad.config import debug_nans as debug_nans
from funcgrad.config import disable_jit as disable_jit
from funcgrad.config import enable_checks as enable_checks
from funcgrad.config import log_compiles as log_compiles
from funcgrad.core import numpy_protocol as _numpy_protocol
from funcgrad.core.array import Array as Array
from funcgrad.core.aval import float0 as float0
from funcgrad.core.trace import typeof as typeof
from funcgrad.deferred import deferred

if TYPE_CHECKING:
    from funcgrad import ad_checkpoint as ad_checkpoint
    from funcgrad import custom_batching as custom_batching
    from funcgrad import custom_derivatives as custom_derivatives
    from funcgrad import debug as debug
    from funcgrad import export as export
    from funcgrad import flatten_util as flatten_util
    from funcgrad import image as image
    from funcgrad import lax as lax
    from funcgrad import nn as nn
    from funcgrad import optimizers as optimizers
    from funcgrad import random as random
    from funcgrad import scipy as scipy
    from funcgrad import test_util as test_util
    from funcgrad import tree_util as tree_util
    from funcgrad.api.environment import (
        print_environment_info as print_environment_info,
    )
    from funcgrad.api.profile import profile as profile
    from funcgrad.api.progress import progress as progress
    from funcgrad.interop.wrapped import wrap_njit as wrap_njit
    from funcgrad.ops.control.callback import pure_callback as pure_callback
    from funcgrad.ops.control.checkpoint import checkpoint as checkpoint
    from funcgrad.ops.control.checkpoint import checkpoint as remat  # noqa: F401
    from funcgrad.ops.control.checkpoint import (
        checkpoint_policies as checkpoint_policies,
    )
    from funcgrad.ops.control.custom_gradient import custom_gradient as custom_gradient
    from funcgrad.ops.control.custom_rules import custom_jvp as custom_jvp
    from funcgrad.ops.control.custom_rules import custom_vjp as custom_vjp
    from funcgrad.ops.control.custom_vmap import custom_vmap as custom_vmap
    from funcgrad.viz.graph import graph as graph
else:
    __getattr__, __dir__ = deferred(
        __name__,
        "ad_checkpoint custom_batching custom_derivatives debug export flatten_util "
        "image lax nn optimizers random scipy test_util tree_util".split(),
        {
            "checkpoint": "funcgrad.ops.control.checkpoint",
            "checkpoint_policies": "funcgrad.ops.control.checkpoint",
            "custom_gradient": "funcgrad.ops.control.custom_gradient",
            "custom_jvp": "funcgrad.ops.control.custom_rules",
            "custom_vjp": "funcgrad.ops.control.custom_rules",
            "custom_vmap": "funcgrad.ops.control.custom_vmap",
            "graph": "funcgrad.viz.graph",
            "print_environment_info": "funcgrad.api.environment",
            "profile": "funcgrad.api.profile",
            "progress": "funcgrad.api.progress",
            "pure_callback": "funcgrad.ops.control.callback",
            "remat": "funcgrad.ops.control.checkpoint:checkpoint",
            "wrap_njit": "funcgrad.interop.wrapped",
        },
    )

_numpy_protocol.deferred["numpy.fft"] = "funcgrad.numpy.fft"
_numpy_protocol.deferred["numpy.linalg"] = "funcgrad.numpy.linalg"
_numpy_protocol.deferred["scipy.special"] = "funcgrad.scipy.special"
