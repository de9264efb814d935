"""Programs that use blackjax, written for JAX: each returns draws to compare."""

import inspect

import blackjax
import jax
import jax.numpy as jnp
import numpy as np
import optax

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
    takes_key = len(inspect.signature(algorithm.init).parameters) > 1
    keys = [jax.random.key(9)] if takes_key else []
    state = algorithm.init(jnp.zeros(3), *keys)
    _, (positions, _info) = sample(algorithm, state, jax.random.key(7), count)
    return positions


MASS = SCALE**2
SAMPLERS = {
    "hmc": lambda: blackjax.hmc(gaussian, 0.3, MASS, 8),
    "hmc dense": lambda: blackjax.hmc(gaussian, 0.3, np.diag(MASS), 8),
    "nuts dense": lambda: blackjax.nuts(gaussian, 0.5, np.diag(MASS)),
    "nuts": lambda: blackjax.nuts(gaussian, 0.5, MASS),
    "barker": lambda: blackjax.barker_proposal(gaussian, 0.5),
    "dynamic hmc": lambda: blackjax.dynamic_hmc(gaussian, 0.3, MASS),
    "ghmc": lambda: blackjax.ghmc(gaussian, 0.3, SCALE, 0.5, 0.1),
    "mclmc": lambda: blackjax.mclmc(gaussian, L=1.5, step_size=0.3),
    "elliptical slice": lambda: blackjax.elliptical_slice(
        lambda x: -0.5 * jnp.sum((x - MEAN) ** 2), mean=np.zeros(3), cov=np.diag(MASS)
    ),
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


def stochastic_gradients():
    gradient = blackjax.sgmcmc.gradients.grad_estimator(
        lambda x: -0.5 * jnp.sum(x**2),
        lambda x, row: -0.5 * jnp.sum((x - row) ** 2),
        30,
    )
    data = jnp.asarray(np.random.default_rng(5).normal(size=(30, 3)))
    langevin, hamiltonian = blackjax.sgld(gradient), blackjax.sghmc(gradient, 3)
    x, positions = langevin.init(jnp.zeros(3)), []
    for step, key in enumerate(jax.random.split(jax.random.key(2), 6)):
        algorithm = langevin if step % 2 else hamiltonian
        x = algorithm.step(key, x, data[5 * step : 5 * step + 5], 1e-3)
        positions.append(x)
    return positions


def variational(algorithm):
    state = algorithm.init(jnp.zeros(3))
    step = jax.jit(algorithm.step)
    for key in jax.random.split(jax.random.key(4), 20):
        state, info = step(key, state)
    draws = algorithm.sample(jax.random.key(5), state, 5)
    return state.mu, info.elbo, draws


def pathfinder():
    state, _ = blackjax.vi.pathfinder.approximate(
        jax.random.key(0), gaussian, jnp.zeros(3), num_samples=20, ftol=1e-4
    )
    return state.position, state.elbo


def tempered_smc():
    smc = blackjax.adaptive_tempered_smc(
        lambda x: -0.5 * jnp.sum(x**2),
        gaussian,
        blackjax.hmc.build_kernel(),
        blackjax.hmc.init,
        blackjax.smc.extend_params(
            {
                "step_size": 0.3,
                "inverse_mass_matrix": jnp.ones(3),
                "num_integration_steps": 4,
            }
        ),
        blackjax.smc.resampling.systematic,
        0.5,
        num_mcmc_steps=2,
    )
    state = smc.init(jnp.asarray(np.random.default_rng(6).normal(size=(20, 3))))
    step = jax.jit(smc.step)
    for key in jax.random.split(jax.random.key(8), 3):
        state, _ = step(key, state)
    return state.particles, state.tempering_param


def effective_sample_size():
    samples = np.random.default_rng(7).normal(size=(4, 200, 3)).cumsum(axis=1) * 0.1
    return jax.jit(blackjax.diagnostics.effective_sample_size)(jnp.asarray(samples))


PROGRAMS = {
    **{f"sample {k}": (lambda v=v: draws(v())) for k, v in SAMPLERS.items()},
    "nuts statistics": nuts_statistics,
    "window adaptation nuts": window_adaptation,
    "window adaptation hmc": lambda: window_adaptation(
        blackjax.hmc, num_integration_steps=10
    ),
    "chains": chains,
    "stochastic gradients": stochastic_gradients,
    "mean field": lambda: variational(
        blackjax.meanfield_vi(gaussian, optax.adam(0.1), 10)
    ),
    "full rank": lambda: variational(
        blackjax.fullrank_vi(gaussian, optax.adam(0.1), 10)
    ),
    "pathfinder": pathfinder,
    "tempered smc": tempered_smc,
    "effective sample size": effective_sample_size,
}
