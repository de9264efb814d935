"""Optimizers against the published formulas, step by step, eager and compiled."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import optimizers as opt

TARGET = {"w": np.array([[1.0, -2.0], [0.5, 3.0]]), "b": np.array([0.25])}
START = {"w": np.zeros((2, 2)), "b": np.zeros(1)}
CURVATURE = {"w": np.array([[1.0, 2.0], [3.0, 4.0]]), "b": np.array([0.5])}


def gradient(params):
    return {k: CURVATURE[k] * (params[k] - TARGET[k]) for k in params}


def run(optimizer, steps):
    params, state = START, optimizer.init(START)
    for _ in range(steps):
        params, state = optimizer.update(gradient(params), state, params)
    return params


def reference(step, steps):
    """The same by a formula on one flat vector: ``step(x, g, memory, number)``."""
    x = {k: v.copy() for k, v in START.items()}
    memory = {k: {} for k in x}
    for number in range(1, steps + 1):
        g = gradient(x)
        x = {k: step(x[k], g[k], memory[k], number) for k in x}
    return x


def sgd_step(x, g, memory, number):
    return x - 0.1 * g


def momentum_step(x, g, memory, number):
    memory["v"] = 0.9 * memory.get("v", 0) + g
    return x - 0.1 * memory["v"]


def nesterov_step(x, g, memory, number):
    memory["v"] = 0.9 * memory.get("v", 0) + g
    return x - 0.1 * (0.9 * memory["v"] + g)


def adam_step(x, g, memory, number, decay=0.0):
    m = memory["m"] = 0.9 * memory.get("m", 0) + 0.1 * g
    v = memory["v"] = 0.99 * memory.get("v", 0) + 0.01 * g * g
    m, v = m / (1 - 0.9**number), v / (1 - 0.99**number)
    return x - 0.1 * (m / (np.sqrt(v) + 1e-8) + decay * x)


def adamw_step(x, g, memory, number):
    return adam_step(x, g, memory, number, decay=0.3)


def rmsprop_step(x, g, memory, number):
    memory["s"] = 0.8 * memory.get("s", 0) + 0.2 * g * g
    return x - 0.1 * g / np.sqrt(memory["s"] + 1e-8)


def rmsprop_momentum_step(x, g, memory, number):
    memory["s"] = 0.8 * memory.get("s", 0) + 0.2 * g * g
    memory["v"] = 0.5 * memory.get("v", 0) + g / np.sqrt(memory["s"] + 1e-8)
    return x - 0.1 * memory["v"]


def adagrad_step(x, g, memory, number):
    memory["s"] = memory.get("s", 0.1) + g * g
    return x - 0.1 * g / np.sqrt(memory["s"] + 1e-7)


CASES = {
    "adagrad": (opt.adagrad(0.1), adagrad_step),
    "sgd": (opt.sgd(0.1), sgd_step),
    "momentum": (opt.sgd(0.1, momentum=0.9), momentum_step),
    "nesterov": (opt.sgd(0.1, momentum=0.9, nesterov=True), nesterov_step),
    "adam": (opt.adam(0.1, b2=0.99), adam_step),
    "adamw": (opt.adamw(0.1, b2=0.99, weight_decay=0.3), adamw_step),
    "rmsprop": (opt.rmsprop(0.1, decay=0.8), rmsprop_step),
    "rmsprop momentum": (
        opt.rmsprop(0.1, decay=0.8, momentum=0.5),
        rmsprop_momentum_step,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_are_the_formulas(name):
    optimizer, step = CASES[name]
    got, want = run(optimizer, 7), reference(step, 7)
    for k, x in got.items():
        np.testing.assert_allclose(x, want[k], rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_in_a_compiled_loop(name):
    optimizer, step = CASES[name]

    @fg.jit
    def train(params):
        def body(_, carry):
            params, state = carry
            return optimizer.update(gradient(params), state, params)

        return fg.lax.fori_loop(0, 7, body, (params, optimizer.init(params)))[0]

    got, want = train(START), reference(step, 7)
    for k, x in got.items():
        np.testing.assert_allclose(x, want[k], rtol=1e-12)


def test_schedule_gets_the_number_of_steps():
    seen = []

    def schedule(count):
        seen.append(int(count))
        return 0.5**count

    optimizer = opt.sgd(schedule)
    params, state = np.ones(1), optimizer.init(np.ones(1))
    for _ in range(3):
        params, state = optimizer.update(np.ones(1), state, params)
    assert seen == [0, 1, 2]
    np.testing.assert_allclose(params, 1 - (1 + 0.5 + 0.25))


@pytest.mark.parametrize("name", CASES)
def test_single_precision_stays(name):
    optimizer, _ = CASES[name]
    x = np.ones(3, np.float32)
    state = optimizer.init(x)
    for _ in range(2):
        y, new_state = optimizer.update(x, state, x)
        assert y.dtype == np.float32
        for a, b in zip(fg.tree.leaves(state), fg.tree.leaves(new_state), strict=True):
            assert fg.typeof(a) == fg.typeof(b)
        state = new_state
