"""Hamiltonian Monte Carlo: chains by `vmap`, steps by `scan`, leapfrog by `fori_loop`.

The target is a banana whose moments are known: x ~ N(0, 2²) and y | x ~ N(x²/4, 1/2²),
so that E x = 0, E y = 1, var x = 4 and var y = 2.25 (Neal 2011, arXiv:1206.1901, for
the method).
"""

from __future__ import annotations

import numpy as np

import funcgrad as fg
import funcgrad.numpy as fnp


def log_density(q: np.ndarray) -> np.ndarray:
    """Log of the unnormalised target at ``q``, shape (2,)."""
    x, y = q
    return -0.5 * (x / 2.0) ** 2 - 0.5 * ((y - 0.25 * x * x) / 0.5) ** 2


def leapfrog(
    q: np.ndarray, p: np.ndarray, step_size: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Follow Hamilton's equations for ``steps * step_size``."""
    force = fg.grad(log_density)

    def step(
        _: int, carry: tuple[np.ndarray, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        q, p = carry
        p = p + 0.5 * step_size * force(q)
        q = q + step_size * p
        return q, p + 0.5 * step_size * force(q)

    return fg.lax.fori_loop(0, steps, step, (q, p))


def transition(
    q: np.ndarray, key: np.ndarray, step_size: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """One Metropolis step with a leapfrog proposal: new state, and 1 if it moved."""
    momentum_key, accept_key = fg.random.split(key)
    p = fg.random.normal(momentum_key, q.shape)
    q_new, p_new = leapfrog(q, p, step_size, steps)
    log_ratio = (
        log_density(q_new) - log_density(q) - 0.5 * (fnp.sum(p_new**2) - fnp.sum(p**2))
    )
    accept = fnp.log(fg.random.uniform(accept_key)) < log_ratio
    return fnp.where(accept, q_new, q), fnp.where(accept, 1.0, 0.0)


def main(
    seed: int = 0,
    chains: int = 64,
    samples: int = 1000,
    warmup: int = 100,
    step_size: float = 0.2,
    leapfrog_steps: int = 15,
) -> dict[str, float]:
    """Sample, and compare the moments with the exact ones.

    Returns
    -------
    dict of str to float
        ``acceptance`` rate, ``mean_x``, ``mean_y``, ``var_x``, ``var_y``, and ``rhat``,
        the larger potential scale reduction of the two coordinates.
    """

    def chain(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        def step(
            q: np.ndarray, key: np.ndarray
        ) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
            q, moved = transition(q, key, step_size, leapfrog_steps)
            return q, (q, moved)

        start_key, key = fg.random.split(key)
        start = fg.random.normal(start_key, (2,))
        return fg.lax.scan(step, start, fg.random.split(key, warmup + samples))[1]

    keys = fg.random.split(fg.random.key(seed), chains)
    draws, moved = fg.jit(fg.vmap(chain))(keys)
    kept = np.asarray(draws)[:, warmup:]  # (chains, samples, 2)
    within = kept.var(axis=1, ddof=1).mean(axis=0)
    between = kept.mean(axis=1).var(axis=0, ddof=1)
    mean, var = kept.mean(axis=(0, 1)), kept.var(axis=(0, 1))
    result = {
        "acceptance": float(np.mean(moved)),
        "mean_x": float(mean[0]),
        "mean_y": float(mean[1]),
        "var_x": float(var[0]),
        "var_y": float(var[1]),
        "rhat": float(np.sqrt((samples - 1) / samples + between / within).max()),
    }
    for name, value in result.items():
        print(f"{name:10s} {value:7.3f}")
    return result


if __name__ == "__main__":
    main()
