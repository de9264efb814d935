"""The lecture's two-layer network: its gradient by the formulas and by `grad`.

Hidden layer z1 = W1 x + b1, a1 = ReLU(z1); output z2 = W2 a1 + b2, y_hat = sigmoid(z2);
loss L = -[y log y_hat + (1 - y) log(1 - y_hat)]. The functions are NumPy's and SciPy's
own.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

import funcgrad as fg

Params = dict[str, np.ndarray]


def loss(params: Params, x: np.ndarray, y: float) -> np.ndarray:
    """Cross entropy of the network's answer to ``x``, shape (2,), with label ``y``."""
    a1 = np.maximum(params["W1"] @ x + params["b1"], 0.0)
    y_hat = expit(params["W2"] @ a1 + params["b2"])
    return -(y * np.log(y_hat) + (1.0 - y) * np.log(1.0 - y_hat))


def gradient_by_hand(params: Params, x: np.ndarray, y: float) -> Params:
    """The lecture's formulas, from the output back to the earliest layer."""
    z1 = params["W1"] @ x + params["b1"]
    a1 = np.maximum(z1, 0.0)
    a2 = expit(params["W2"] @ a1 + params["b2"])
    dz2 = a2 - y
    da1 = dz2 * params["W2"]
    dz1 = np.where(z1 > 0.0, da1, 0.0)
    return {"W1": np.outer(dz1, x), "b1": dz1, "W2": dz2 * a1, "b2": dz2}


def main(seed: int = 1, hidden: int = 4) -> dict[str, float]:
    """Compare both gradients, and take one step of gradient descent.

    Returns
    -------
    dict of str to float
        ``difference``, the largest between the two gradients; ``loss`` and
        ``loss_after`` one step.
    """
    rng = np.random.default_rng(seed)
    params = {
        "W1": rng.normal(size=(hidden, 2)),
        "b1": rng.normal(size=hidden),
        "W2": rng.normal(size=hidden),
        "b2": rng.normal(size=()),
    }
    x, y = np.array([1.0, 2.0]), 1.0
    value, grads = fg.jit(fg.value_and_grad(loss))(params, x, y)
    expected = gradient_by_hand(params, x, y)
    difference = max(float(np.abs(grads[k] - expected[k]).max()) for k in params)
    stepped = {name: params[name] - 0.1 * grads[name] for name in params}
    after = float(loss(stepped, x, y))
    for name in params:
        print(f"dL/d{name} =", np.array2string(np.asarray(grads[name]), precision=4))
    print(f"largest difference from the formulas: {difference:.1e}")
    print(f"loss {float(value):.4f}, after one step {after:.4f}")
    return {"difference": difference, "loss": float(value), "loss_after": after}


if __name__ == "__main__":
    main()
