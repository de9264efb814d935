"""Recomputation in the backward pass, under JAX's names."""

from funcgrad.ops.control.checkpoint import checkpoint as checkpoint
from funcgrad.ops.control.checkpoint import checkpoint_name as checkpoint_name
from funcgrad.ops.control.checkpoint import checkpoint_policies as checkpoint_policies
from funcgrad.ops.control.checkpoint import (
    print_saved_residuals as print_saved_residuals,
)
from funcgrad.ops.control.checkpoint import saved_residuals as saved_residuals
