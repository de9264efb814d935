"""Programs that use blackjax, written for JAX: each returns draws to compare."""

import blackjax
import jax
import jax.numpy as jnp
import numpy as np

rng = np.random.default_rng(1)
MEAN = np.array([1.0, -2.0, 0.5])
SCALE = np.array([1.0, 0.5, 2.0])
X = rng.normal(size=(30, 2))
Y = (rng.uniform(size=30) < 1 / (1 + np.exp(-(X @ np.array([1.5, -1.0]))))) * 1.0


def gaussian(x):
    return -0.5 * jnp.sum(((x - MEAN) / SCALE) ** 2)


def logistic(params):
    logits = X @ params["w"] + params["b"]
    likelihood = jnp.sum(Y * logits - jnp.logaddexp(0.0, logits))
    return likelihood - 0.5 * jnp.sum(params["w"] ** 2) - 0.5 * params["b"] ** 2


def sample(kernel, state, key, count):
    @jax.jit
    def run(state, keys):
        def step(state, key):
            state, info = kernel.step(key, state)
            return state, (state.position, info)

        return jax.lax.scan(step, state, keys)

    return run(state, jax.random.split(key, count))


def draws(algorithm, count=25):
    state = algorithm.init(jnp.zeros(3))
    _, (positions, _info) = sample(algorithm, state, jax.random.key(7), count)
    return positions


MASS = SCALE**2
SAMPLERS = {
    "hmc": lambda: blackjax.hmc(gaussian, 0.3, MASS, 8),
    "nuts": lambda: blackjax.nuts(gaussian, 0.5, MASS),
    "mala": lambda: blackjax.mala(gaussian, 0.3),
    "random walk": lambda: blackjax.additive_step_random_walk(
        gaussian, blackjax.mcmc.random_walk.normal(0.5 * np.ones(3))
    ),
}


def nuts_statistics():
    kernel = blackjax.nuts(gaussian, 0.4, MASS)
    _state, (positions, info) = sample(
        kernel, kernel.init(jnp.zeros(3)), jax.random.key(3), 1500
    )
    return {
        "mean": positions.mean(0),
        "std": positions.std(0),
        "steps": info.num_integration_steps.mean(),
    }


def window_adaptation(algorithm=blackjax.nuts, **options):
    warmup = blackjax.window_adaptation(algorithm, logistic, **options)
    start = {"w": jnp.zeros(2), "b": jnp.zeros(())}
    (state, parameters), _ = warmup.run(jax.random.key(0), start, num_steps=20)
    kernel = algorithm(logistic, **parameters)
    _, (positions, _info) = sample(kernel, state, jax.random.key(1), 10)
    return parameters["step_size"], parameters["inverse_mass_matrix"], positions


def chains():
    kernel = blackjax.nuts(gaussian, 0.5, MASS)
    keys = jax.random.split(jax.random.key(5), 10)
    states = jax.vmap(kernel.init)(jnp.zeros((4, 3)))

    @jax.jit
    def run(states):
        def step(states, key):
            states, _ = jax.vmap(kernel.step)(jax.random.split(key, 4), states)
            return states, states.position

        return jax.lax.scan(step, states, keys)

    return run(states)[1]


PROGRAMS = {
    **{f"sample {k}": (lambda v=v: draws(v())) for k, v in SAMPLERS.items()},
    "nuts statistics": nuts_statistics,
    "window adaptation nuts": window_adaptation,
    "window adaptation hmc": lambda: window_adaptation(
        blackjax.hmc, num_integration_steps=10
    ),
    "chains": chains,
}
