"""A vanilla recurrent network learns to add binary numbers, longer than it saw.

At each step it reads one bit of each summand, lowest first, and must answer with the
bit of the sum: its state has to carry the one. Backpropagation through time is `grad`
of `scan`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import funcgrad as fg
import funcgrad.numpy as fnp

Params = dict[str, np.ndarray]


def init(key: np.ndarray, width: int) -> Params:
    """Random weights of variance 1 / fan-in, zero biases."""
    k_in, k_state, k_out = fg.random.split(key, 3)
    return {
        "W_in": fg.random.normal(k_in, (2, width)) / np.sqrt(2.0),
        "W_state": fg.random.normal(k_state, (width, width)) / np.sqrt(width),
        "b_state": fnp.zeros(width),
        "W_out": fg.random.normal(k_out, (width,)) / np.sqrt(width),
        "b_out": fnp.zeros(()),
    }


def logits(params: Params, bits: np.ndarray) -> np.ndarray:
    """Log-odds of each bit of the sum: bits (steps, batch, 2) -> (steps, batch)."""

    def step(state: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z = x @ params["W_in"] + state @ params["W_state"] + params["b_state"]
        state = fnp.tanh(z)
        return state, state @ params["W_out"] + params["b_out"]

    width = params["b_state"].shape[0]
    return fg.lax.scan(step, fnp.zeros((bits.shape[1], width)), bits)[1]


def addition(key: np.ndarray, steps: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Random summands, bits (steps, batch, 2), and the bits of their sums."""
    bits = fg.random.bernoulli(key, 0.5, (steps, batch, 2)).astype(np.float64)

    def add(carry: np.ndarray, pair: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        total = pair[:, 0] + pair[:, 1] + carry
        return fnp.where(total > 1.5, 1.0, 0.0), total % 2.0

    return bits, fg.lax.scan(add, fnp.zeros(batch), bits)[1]


def loss(params: Params, bits: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Mean cross entropy of the answered bits."""
    z = logits(params, bits)
    return fnp.mean(fg.nn.softplus(z) - sums * z)


def main(
    seed: int = 0, width: int = 16, iterations: int = 1000, bits: int = 8
) -> dict[str, float]:
    """Train on ``bits``-bit numbers and test on numbers four times as long.

    Returns
    -------
    dict of str to float
        ``first_loss``, ``last_loss``, and the ``accuracy`` of bits in the long sums.
    """
    optimizer = fg.optimizers.adam(1e-2)

    @fg.jit
    def train(params: Params, key: np.ndarray) -> tuple[Params, np.ndarray]:
        def step(
            carry: tuple[Params, Any], key: np.ndarray
        ) -> tuple[tuple[Params, Any], np.ndarray]:
            params, state = carry
            value, grads = fg.value_and_grad(loss)(params, *addition(key, bits, 32))
            return optimizer.update(grads, state, params), value

        carry = (params, optimizer.init(params))
        (params, _), losses = fg.lax.scan(step, carry, fg.random.split(key, iterations))
        return params, losses

    k_init, k_train, k_test = fg.random.split(fg.random.key(seed), 3)
    params, losses = train(init(k_init, width), k_train)
    x, sums = addition(k_test, 4 * bits, 200)
    answers = np.asarray(logits(params, x)) > 0.0
    accuracy = float(np.mean(answers == (np.asarray(sums) > 0.5)))
    print(f"loss {float(losses[0]):.3f} -> {float(losses[-1]):.1e}")
    print(f"bits of {4 * bits}-bit sums that are right: {100 * accuracy:.2f} %")
    return {
        "first_loss": float(losses[0]),
        "last_loss": float(losses[-1]),
        "accuracy": accuracy,
    }


if __name__ == "__main__":
    main()
