"""Newton's method in a `while_loop`, and the gradient through it.

The trip count depends on the data, and reverse mode works all the same: the tape grows
as the loop runs. The equation is Kepler's, E - e sin E = M: where is a planet at time M
on an orbit of eccentricity e? Its derivatives are known: dE/dM = 1 / (1 - e cos E),
dE/de = sin E times that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import funcgrad as fg
import funcgrad.numpy as fnp


def newton(
    f: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    *,
    tolerance: float = 1e-12,
    max_steps: int = 50,
) -> tuple[np.ndarray, np.ndarray]:
    """Root of the scalar function ``f`` near ``start``, and the steps taken."""

    def unfinished(carry: tuple[np.ndarray, ...]) -> np.ndarray:
        _, change, steps = carry
        return (abs(change) > tolerance) & (steps < max_steps)

    def step(carry: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        x, _, steps = carry
        value, slope = fg.value_and_grad(f)(x)
        change = value / slope
        return x - change, change, steps + 1

    carry = (start, fnp.ones_like(start), fnp.asarray(0))
    root, _, steps = fg.lax.while_loop(unfinished, step, carry)
    return root, steps


def eccentric_anomaly(
    mean_anomaly: np.ndarray, eccentricity: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Solve Kepler's equation for E; also the number of steps."""
    return newton(
        lambda x: x - eccentricity * fnp.sin(x) - mean_anomaly,
        mean_anomaly + eccentricity,
    )


def square_root(x: np.ndarray) -> np.ndarray:
    """sqrt(x) as the root of r² - x."""
    return newton(lambda r: r * r - x, 0.5 * (1.0 + x))[0]


def main(mean_anomaly: float = 1.0, eccentricity: float = 0.6) -> dict[str, float]:
    """Solve, differentiate, and compare with the formulas.

    Returns
    -------
    dict of str to float
        ``E``, the number of ``steps``, the ``residual`` of Kepler's equation, the
        derivatives ``dE/dM`` and ``dE/de``, with the largest ``difference`` from the
        formulas; ``sqrt`` and ``dsqrt`` at 2.
    """
    solve = fg.jit(fg.value_and_grad(eccentric_anomaly, argnums=(0, 1), has_aux=True))
    (root, steps), (d_mean, d_ecc) = solve(mean_anomaly, eccentricity)
    residual = float(root - eccentricity * np.sin(root) - mean_anomaly)
    slope = 1.0 / (1.0 - eccentricity * np.cos(root))
    difference = float(max(abs(d_mean - slope), abs(d_ecc - slope * np.sin(root))))
    sqrt, dsqrt = fg.jit(fg.value_and_grad(square_root))(2.0)
    print(f"E = {float(root):.12f} in {int(steps)} steps, residual {residual:.1e}")
    print(f"dE/dM = {float(d_mean):.12f}, dE/de = {float(d_ecc):.12f}")
    print(f"largest difference from the formulas: {difference:.1e}")
    print(f"sqrt(2) = {float(sqrt):.12f}, its derivative {float(dsqrt):.12f}")
    return {
        "E": float(root),
        "steps": int(steps),
        "residual": residual,
        "dE/dM": float(d_mean),
        "dE/de": float(d_ecc),
        "difference": difference,
        "sqrt": float(sqrt),
        "dsqrt": float(dsqrt),
    }


if __name__ == "__main__":
    main()
