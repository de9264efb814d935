"""Checks of derivatives: of a primitive's rules, and of any function."""

from funcgrad.testing.check_grads import check_grads as check_grads
from funcgrad.testing.check_grads import check_jvp as check_jvp
from funcgrad.testing.check_grads import check_vjp as check_vjp
from funcgrad.testing.check_rule import check_rule as check_rule
