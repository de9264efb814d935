"""Settings that watch the API at work: logs of compilations and misses, checks."""

import logging

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.config import override
from funcgrad.core.check import JaxprError
from funcgrad.core.primitive import Primitive
from funcgrad.transforms.stage import stage


def test_log_compiles(caplog):
    with fg.log_compiles(), caplog.at_level(logging.WARNING, "funcgrad"):
        fg.jit(lambda x: x * 3.125)(np.ones(3))
    (record,) = caplog.records
    assert "compiled 1 equations for (f64[3])" in record.getMessage()
    assert "test_settings.py" in record.getMessage()


def test_nothing_is_logged_by_default(caplog):
    fg.jit(lambda x: x * 3.375)(np.ones(3))
    assert caplog.records == []


def test_explain_cache_misses(caplog):
    f = fg.jit(lambda x, p, n=1: x * p["w"] * n, static_argnames="n")
    logged = caplog.at_level(logging.WARNING, "funcgrad")
    with override("explain_cache_misses", True), logged:
        f(np.ones(3), {"w": 1.0})
        f(np.ones(3), {"w": 1.0})
        f(np.ones(3), {"w": np.ones(3, np.float32)})
        f(np.ones(3), {"w": 1.0, "b": 2.0})
        f(np.ones(3), {"w": 1.0}, n=2)
    first, types, structure, static = [r.getMessage() for r in caplog.records]
    assert "has not been called before" in first
    assert "p['w'] is float32[3], was float64[]" in types
    assert "structure not seen before" in structure
    assert "static n is 2, was left out" in static


class _Liar(Primitive):
    """Says that its result has another shape, the second time it is asked."""

    name = "liar"

    def __init__(self):
        super().__init__()
        self.asked = 0

    def evaluate(self, x):
        return x

    def abstract_eval(self, x):
        self.asked += 1
        return x if self.asked == 1 else x.update(shape=(7,))

    def jvp(self, primals, tangents):
        return primals[0], tangents[0]

    def batch(self, size, operands, dims):
        return operands[0], dims[0]

    def lower(self, ctx, x):
        return x


def test_enable_checks():
    liar = _Liar()
    aval = fg.typeof(np.ones(3))
    try:
        stage(lambda x: [liar.bind(x)], [aval])
        liar.asked = 0
        with fg.enable_checks(), pytest.raises(JaxprError, match="liar gives"):
            stage(lambda x: [liar.bind(x)], [aval])
    finally:
        del Primitive.registry["liar"]
