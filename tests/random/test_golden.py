"""Samples against values stored from JAX: bits exactly, transcendental ones closely."""

import json
import pathlib

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import random

GOLDEN = json.loads(pathlib.Path(__file__).with_name("golden.json").read_text())

# What is made of random bits by integer and exactly rounded operations alone.
EXACT = {"PRNGKey", "split", "fold_in", "bits", "randint", "bernoulli", "rademacher",
         "permutation"}  # fmt: skip


def argument(x):
    """A stored argument: the key, an array or a plain value."""
    if x == "key":
        return random.PRNGKey(GOLDEN["seed"])
    return np.array(x) if isinstance(x, list) and np.ndim(x) and _is_floats(x) else x


def _is_floats(x):
    return np.size(x) > 0 and np.array(x).dtype.kind == "f"


def stored(entry):
    """The stored result as an array."""
    values = entry["values"]
    if entry["dtype"].startswith("complex"):
        flat = [complex(*map(float.fromhex, pair)) for pair in values]
    elif entry["dtype"].startswith("float"):
        flat = [float.fromhex(value) for value in values]
    else:
        flat = values
    return np.array(flat, entry["dtype"]).reshape(entry["shape"])


def sample(entry, run=lambda f: f):
    """Call the function of an entry; ``run`` may compile the call."""
    function = getattr(random, entry["function"])
    args = [argument(x) for x in entry["args"]]
    kwargs = {name: argument(x) for name, x in entry["kwargs"].items()}
    if args and isinstance(args[0], np.ndarray) and args[0].dtype == np.uint32:
        return run(lambda key: function(key, *args[1:], **kwargs))(args[0])
    return run(lambda: function(*args, **kwargs))()


def check(entry, got):
    want = stored(entry)
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    if entry["function"] in EXACT:
        np.testing.assert_array_equal(got, want)
    else:
        tolerance = {"float16": 1e-3, "float32": 2e-6}.get(entry["dtype"], 1e-13)
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", GOLDEN["calls"])
def test_samples_are_those_of_jax(name):
    entry = GOLDEN["calls"][name]
    check(entry, sample(entry))


@pytest.mark.parametrize("name", GOLDEN["calls"])
def test_compiled_samples_are_the_same(name):
    entry = GOLDEN["calls"][name]
    check(entry, sample(entry, fg.jit))
