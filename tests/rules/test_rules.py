"""Every primitive's rules on its own cases."""

import importlib
import pkgutil

import pytest

import funcgrad
from funcgrad.core.primitive import Primitive
from funcgrad.testing import check_rule

for module in pkgutil.walk_packages(funcgrad.__path__, "funcgrad."):
    importlib.import_module(module.name)


@pytest.mark.parametrize("name", sorted(Primitive.registry))
def test_rules(name):
    check_rule(Primitive.registry[name])
