"""Every primitive's rules on its own cases."""

import pytest

import funcgrad  # noqa: F401  (fills the registry)
from funcgrad.core.primitive import Primitive
from funcgrad.testing import check_rule


@pytest.mark.parametrize("name", sorted(Primitive.registry))
def test_rules(name):
    check_rule(Primitive.registry[name])
