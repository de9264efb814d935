"""Checks of derivatives against numerical ones, under JAX's module name."""

from funcgrad.testing import check_grads as check_grads
from funcgrad.testing import check_jvp as check_jvp
from funcgrad.testing import check_vjp as check_vjp
