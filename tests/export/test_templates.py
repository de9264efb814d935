"""The template of each primitive gives its values, in plain Python for speed."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
import funcgrad.ops
from funcgrad.core.primitive import Primitive
from funcgrad.export.numba_source import TEMPLATES

for _module in pkgutil.walk_packages(funcgrad.ops.__path__, "funcgrad.ops."):
    importlib.import_module(_module.name)
PRIMITIVES = {
    p.name: p
    for p in gc.get_objects()
    if isinstance(p, Primitive) and p.name in TEMPLATES and p.cases
}


def vectorize(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of entries on arrays, as Numba's decorator makes it."""
    entrywise = np.vectorize(function)

    def call(*args: Any) -> Any:
        shape = np.broadcast_shapes(*map(np.shape, args))
        return np.empty(shape) if 0 in shape else entrywise(*args)

    return call


NUMBA = types.SimpleNamespace(
    njit=lambda **_: lambda function: function, vectorize=vectorize
)


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_a_template_gives_the_values_of_its_primitive(name: str) -> None:
    primitive, checked = PRIMITIVES[name], 0
    rng = np.random.default_rng(0)
    for case in primitive.cases:
        operands, params = case.sample(rng, np.float64), case.parameters()

        def call(*args: Any, params: Any = params) -> Any:
            return primitive.bind(*args, **params)

        try:
            text = fg.export.numba_module(call, *operands, name="exported")
        except fg.errors.ExportError:
            continue
        module: dict[str, Any] = {"numba": NUMBA}
        exec(text.replace("import numba\n", ""), module)
        with np.errstate(all="ignore"):
            got = module["exported"](*operands)
            expected = fg.tree.leaves(call(*operands))
        results = got if isinstance(got, tuple) else (got,)
        for result, value in zip(results, expected, strict=True):
            single = np.asarray(value).dtype.char in "fF"
            tolerance = 1e-5 if single else 1e-11
            np.testing.assert_allclose(result, value, rtol=tolerance, atol=tolerance)
        checked += 1
    assert checked
