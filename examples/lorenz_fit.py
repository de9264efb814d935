"""Parameters of the Lorenz system, fitted to a trajectory through `scan`.

dx/dt = sigma (y - x), dy/dt = x (rho - z) - y, dz/dt = x y - beta z, integrated by the
classical Runge-Kutta method; Adam descends the squared distance to the observed
trajectory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import funcgrad as fg
import funcgrad.numpy as fnp

TRUE = np.array([10.0, 28.0, 8.0 / 3.0])  # sigma, rho, beta
START = np.array([1.0, 1.0, 1.0])


def velocity(state: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """The Lorenz equations: state (3,), parameters (3,) -> (3,)."""
    x, y, z = state
    sigma, rho, beta = parameters
    return fnp.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])


def trajectory(parameters: np.ndarray, steps: int, dt: float) -> np.ndarray:
    """States after each of the Runge-Kutta steps from `START`, shape (steps, 3)."""

    def step(state: np.ndarray, _: None) -> tuple[np.ndarray, np.ndarray]:
        k1 = velocity(state, parameters)
        k2 = velocity(state + 0.5 * dt * k1, parameters)
        k3 = velocity(state + 0.5 * dt * k2, parameters)
        k4 = velocity(state + dt * k3, parameters)
        state = state + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return state, state

    return fg.lax.scan(step, fnp.asarray(START), None, length=steps)[1]


def main(
    seed: int = 0, steps: int = 150, dt: float = 0.01, iterations: int = 1500
) -> dict[str, Any]:
    """Observe with noise of 0.01, fit, and print the parameters.

    Returns
    -------
    dict
        ``parameters``, shape (3,), and the ``loss`` before and after (two floats).
    """
    noise = 0.01 * np.random.default_rng(seed).normal(size=(steps, 3))
    observed = np.asarray(trajectory(TRUE, steps, dt)) + noise
    optimizer = fg.optimizers.adam(0.05)

    def loss(parameters: np.ndarray) -> np.ndarray:
        return fnp.mean((trajectory(parameters, steps, dt) - observed) ** 2)

    @fg.jit
    def fit(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        def step(
            carry: tuple[np.ndarray, Any], _: None
        ) -> tuple[tuple[np.ndarray, Any], np.ndarray]:
            parameters, state = carry
            value, gradient = fg.value_and_grad(loss)(parameters)
            return optimizer.update(gradient, state, parameters), value

        carry = (parameters, optimizer.init(parameters))
        (parameters, _), losses = fg.lax.scan(step, carry, None, length=iterations)
        return parameters, losses

    parameters, losses = fit(np.array([8.0, 25.0, 2.0]))
    before, after = float(losses[0]), float(losses[-1])
    print(f"loss {before:.3f} -> {after:.1e}, of which noise 1.0e-04")
    for name, found, true in zip(
        ("sigma", "rho", "beta"), parameters, TRUE, strict=True
    ):
        print(f"  {name:5s} = {float(found):.4f}, true {true:.4f}")
    return {"parameters": np.asarray(parameters), "loss": (before, after)}


if __name__ == "__main__":
    main()
