"""Logistic regression by Newton's method: gradient and Hessian of a two-line loss.

The same penalised likelihood that scikit-learn's `LogisticRegression` maximises, on its
breast cancer data (569 tumours, 30 features), and the same coefficients.
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import funcgrad as fg
import funcgrad.numpy as fnp


def load() -> tuple[np.ndarray, np.ndarray]:
    """Standardised features (569, 30) and labels in {0, 1}."""
    data = load_breast_cancer()
    x = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    return x, data.target.astype(np.float64)


def loss(weights: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Negative log-likelihood; ``weights``, shape (31,), end with the intercept."""
    z = x @ weights[:-1] + weights[-1]
    # -log p(y | z) = log(1 + e^z) - y z, without overflow
    return fnp.sum(fnp.logaddexp(0.0, z) - y * z) + 0.5 * fnp.sum(weights[:-1] ** 2)


@fg.jit
def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Minimise `loss` by ten Newton steps from zero."""

    def step(_: int, weights: np.ndarray) -> np.ndarray:
        gradient = fg.grad(loss)(weights, x, y)
        curvature = fg.hessian(loss)(weights, x, y)
        return weights - fnp.linalg.solve(curvature, gradient)

    return fg.lax.fori_loop(0, 10, step, fnp.zeros(x.shape[1] + 1))


def main() -> dict[str, float]:
    """Fit, and compare with scikit-learn.

    Returns
    -------
    dict of str to float
        ``accuracy`` on the training set, the largest ``difference`` from scikit-learn's
        coefficients, the norm of the ``gradient`` at the solution.
    """
    x, y = load()
    weights = np.asarray(fit(x, y))
    gradient = float(np.linalg.norm(fg.grad(loss)(weights, x, y)))
    model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x, y)
    theirs = np.concatenate([model.coef_[0], model.intercept_])
    difference = float(np.abs(weights - theirs).max())
    accuracy = float(np.mean((x @ weights[:-1] + weights[-1] > 0.0) == (y > 0.5)))
    print(f"accuracy {100 * accuracy:.2f} %, |gradient| {gradient:.1e}")
    print(f"largest difference from scikit-learn's coefficients: {difference:.1e}")
    return {"accuracy": accuracy, "difference": difference, "gradient": gradient}


if __name__ == "__main__":
    main()
