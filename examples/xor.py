"""A small network learns XOR by gradient descent; the loop is one compiled program."""

from __future__ import annotations

from typing import Any

import numpy as np

import funcgrad as fg
import funcgrad.numpy as fnp

Params = dict[str, np.ndarray]

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = np.array([0.0, 1.0, 1.0, 0.0])


def init(key: np.ndarray, hidden: int) -> Params:
    """Random weights, zero biases."""
    first, second = fg.random.split(key)
    return {
        "W1": fg.random.normal(first, (2, hidden)),
        "b1": fnp.zeros(hidden),
        "W2": fg.random.normal(second, (hidden,)),
        "b2": fnp.zeros(()),
    }


def predict(params: Params, x: np.ndarray) -> np.ndarray:
    """Probability that XOR is true: x (n, 2) -> (n,)."""
    hidden = fnp.tanh(x @ params["W1"] + params["b1"])
    return fg.nn.sigmoid(hidden @ params["W2"] + params["b2"])


def loss(params: Params) -> np.ndarray:
    """Mean squared error over the four cases."""
    return fnp.mean((predict(params, INPUTS) - TARGETS) ** 2)


def main(seed: int = 0, hidden: int = 8, steps: int = 2000) -> dict[str, Any]:
    """Train, and print the truth table.

    Returns
    -------
    dict
        ``loss`` before and after (two floats), and ``predictions``, shape (4,).
    """
    optimizer = fg.optimizers.sgd(0.5, momentum=0.9)

    @fg.jit
    def train(params: Params) -> Params:
        def step(_: int, carry: tuple[Params, Any]) -> tuple[Params, Any]:
            params, state = carry
            return optimizer.update(fg.grad(loss)(params), state, params)

        params, _ = fg.lax.fori_loop(0, steps, step, (params, optimizer.init(params)))
        return params

    params = init(fg.random.key(seed), hidden)
    trained = train(params)
    predictions = np.asarray(predict(trained, INPUTS))
    losses = (float(loss(params)), float(loss(trained)))
    print(f"loss {losses[0]:.4f} -> {losses[1]:.2e}")
    for (p, q), y_hat in zip(INPUTS, predictions, strict=True):
        print(f"  {p:.0f} xor {q:.0f} = {y_hat:.3f}")
    return {"loss": losses, "predictions": predictions}


if __name__ == "__main__":
    main()
