"""Composable transforms of NumPy functions: derivatives, batching and compilation."""

from funcgrad import lax as lax
from funcgrad import tree as tree
from funcgrad import tree_util as tree_util
from funcgrad.api.derivatives import jvp as jvp
from funcgrad.api.derivatives import linear_transpose as linear_transpose
from funcgrad.api.derivatives import linearize as linearize
from funcgrad.api.derivatives import vjp as vjp
from funcgrad.api.gradient import grad as grad
from funcgrad.api.gradient import stop_gradient as stop_gradient
from funcgrad.api.gradient import value_and_grad as value_and_grad
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
from funcgrad.core.aval import float0 as float0
from funcgrad.core.trace import typeof as typeof
