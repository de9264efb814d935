"""Functions with derivative rules of their own, under JAX's names."""

from funcgrad.api.staging import closure_convert as closure_convert
from funcgrad.ops.control.custom_gradient import custom_gradient as custom_gradient
from funcgrad.ops.control.custom_rules import CustomVJPPrimal as CustomVJPPrimal
from funcgrad.ops.control.custom_rules import SymbolicZero as SymbolicZero
from funcgrad.ops.control.custom_rules import custom_jvp as custom_jvp
from funcgrad.ops.control.custom_rules import custom_vjp as custom_vjp
