"""Programs that use optax, written for JAX: each returns arrays to compare."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
Y = X @ np.array([1.0, -2.0, 0.5]) + 0.3
LABELS = (Y > 0).astype(np.int64)


def start():
    return {"w": jnp.zeros(3), "b": jnp.zeros(())}


def squares(params):
    return optax.l2_loss(X @ params["w"] + params["b"], Y).mean()


def train(optimizer, steps=30, loss=squares):
    params = start()
    state = optimizer.init(params)

    @jax.jit
    def step(params, state):
        value, grads = jax.value_and_grad(loss)(params)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state, value

    for _ in range(steps):
        params, state, value = step(params, state)
    return params, value


def train_by_scan(optimizer, steps=30):
    def step(carry, _):
        params, state = carry
        value, grads = jax.value_and_grad(squares)(params)
        updates, state = optimizer.update(grads, state, params)
        return (optax.apply_updates(params, updates), state), value

    params = start()
    run = jax.jit(lambda c: jax.lax.scan(step, c, None, length=steps))
    (params, _), values = run((params, optimizer.init(params)))
    return params, values


OPTIMIZERS = {
    "sgd": lambda: optax.sgd(0.1),
    "momentum": lambda: optax.sgd(0.1, momentum=0.9),
    "nesterov": lambda: optax.sgd(0.1, momentum=0.9, nesterov=True),
    "adam": lambda: optax.adam(0.05),
    "adamw": lambda: optax.adamw(0.05, weight_decay=0.1),
    "adamax": lambda: optax.adamax(0.05),
    "nadam": lambda: optax.nadam(0.05),
    "amsgrad": lambda: optax.amsgrad(0.05),
    "adabelief": lambda: optax.adabelief(0.05),
    "adagrad": lambda: optax.adagrad(0.3),
    "adadelta": lambda: optax.adadelta(1.0),
    "adafactor": lambda: optax.adafactor(0.1),
    "rmsprop": lambda: optax.rmsprop(0.05),
    "rmsprop_centered": lambda: optax.rmsprop(0.05, centered=True, momentum=0.5),
    "lion": lambda: optax.lion(0.02),
    "lamb": lambda: optax.lamb(0.05),
    "lars": lambda: optax.lars(0.5),
    "radam": lambda: optax.radam(0.05),
    "yogi": lambda: optax.yogi(0.05),
    "rprop": lambda: optax.rprop(0.05),
    "noisy_sgd": lambda: optax.noisy_sgd(0.1, key=0),
    "clipped": lambda: optax.chain(optax.clip_by_global_norm(0.5), optax.adam(0.05)),
    "block_clipped": lambda: optax.chain(optax.clip_by_block_rms(0.3), optax.sgd(0.2)),
    "value_clipped": lambda: optax.chain(optax.clip(0.2), optax.sgd(0.2)),
    "decayed": lambda: optax.chain(optax.add_decayed_weights(0.1), optax.sgd(0.1)),
    "scheduled": lambda: optax.adam(
        optax.warmup_cosine_decay_schedule(0.0, 0.1, 5, 30, 0.001)
    ),
    "injected": lambda: optax.inject_hyperparams(optax.adam)(
        optax.exponential_decay(0.1, 10, 0.5)
    ),
    "accumulated": lambda: optax.MultiSteps(optax.sgd(0.2), 3),
    "finite": lambda: optax.apply_if_finite(optax.sgd(0.2), 3),
    "masked": lambda: optax.masked(optax.sgd(0.1), {"w": True, "b": False}),
    "partitioned": lambda: optax.multi_transform(
        {"a": optax.adam(0.1), "b": optax.sgd(0.1)}, {"w": "a", "b": "b"}
    ),
    "schedule_free": lambda: optax.contrib.schedule_free_adamw(0.1, warmup_steps=5),
    "prodigy": lambda: optax.contrib.prodigy(0.5),
    "ema": lambda: optax.chain(optax.ema(0.8), optax.sgd(0.1)),
}


def lbfgs():
    def rosenbrock(x):
        return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    solver = optax.lbfgs()
    value_and_grad = optax.value_and_grad_from_state(rosenbrock)

    def step(carry):
        params, state = carry
        value, grad = value_and_grad(params, state=state)
        updates, state = solver.update(
            grad, state, params, value=value, grad=grad, value_fn=rosenbrock
        )
        return optax.apply_updates(params, updates), state

    def going(carry):
        _, state = carry
        count = optax.tree.get(state, "count")
        grad = optax.tree.get(state, "grad")
        return (count == 0) | ((count < 100) & (optax.tree.norm(grad) > 1e-9))

    x = jnp.array([-1.2, 1.0])
    x, state = jax.jit(lambda c: jax.lax.while_loop(going, step, c))(
        (x, solver.init(x))
    )
    return x, optax.tree.get(state, "count")


def backtracking():
    solver = optax.chain(
        optax.sgd(1.0),
        optax.scale_by_backtracking_linesearch(max_backtracking_steps=15),
    )
    params = start()
    state = solver.init(params)
    for _ in range(5):
        value, grad = jax.value_and_grad(squares)(params)
        updates, state = solver.update(
            grad, state, params, value=value, grad=grad, value_fn=squares
        )
        params = optax.apply_updates(params, updates)
    return params


SCHEDULES = {
    "constant": lambda: optax.constant_schedule(0.1),
    "cosine": lambda: optax.cosine_decay_schedule(1.0, 20, 0.1),
    "exponential": lambda: optax.exponential_decay(1.0, 5, 0.5, staircase=True),
    "linear": lambda: optax.linear_schedule(1.0, 0.0, 15, 3),
    "polynomial": lambda: optax.polynomial_schedule(1.0, 0.1, 2, 15),
    "piecewise": lambda: optax.piecewise_constant_schedule(1.0, {5: 0.5, 12: 0.1}),
    "one_cycle": lambda: optax.cosine_onecycle_schedule(20, 1.0),
    "linear_one_cycle": lambda: optax.linear_onecycle_schedule(20, 1.0),
    "warmup": lambda: optax.warmup_exponential_decay_schedule(0.0, 1.0, 5, 5, 0.7),
    "sgdr": lambda: optax.sgdr_schedule(
        [
            {"init_value": 0.0, "peak_value": 1.0, "decay_steps": 8, "warmup_steps": 2},
            {"init_value": 0.0, "peak_value": 0.5, "decay_steps": 8, "warmup_steps": 2},
        ]
    ),
    "joined": lambda: optax.join_schedules(
        [optax.constant_schedule(1.0), optax.cosine_decay_schedule(0.5, 10)], [6]
    ),
}


def schedule(make):
    return jax.vmap(make())(jnp.arange(25))


LOGITS = rng.normal(size=(6, 4))
TARGETS = np.abs(rng.normal(size=(6, 4)))
TARGETS = TARGETS / TARGETS.sum(1, keepdims=True)
CLASSES = np.array([0, 3, 1, 2, 2, 0])
LOSSES = {
    "l2": lambda z: optax.l2_loss(z, TARGETS),
    "huber": lambda z: optax.huber_loss(z, TARGETS),
    "log_cosh": lambda z: optax.log_cosh(z, TARGETS),
    "cosine": lambda z: optax.cosine_distance(z, TARGETS),
    "cross_entropy": lambda z: optax.softmax_cross_entropy(z, TARGETS),
    "integer_labels": lambda z: optax.softmax_cross_entropy_with_integer_labels(
        z, CLASSES
    ),
    "sigmoid": lambda z: optax.sigmoid_binary_cross_entropy(z, TARGETS),
    "focal": lambda z: optax.sigmoid_focal_loss(z, TARGETS.round(), alpha=0.3),
    "hinge": lambda z: optax.hinge_loss(z, 2 * TARGETS.round() - 1),
    "perceptron": lambda z: optax.losses.perceptron_loss(z, 2 * TARGETS.round() - 1),
    "kl": lambda z: optax.kl_divergence(jax.nn.log_softmax(z), TARGETS),
    "js": lambda z: optax.losses.convex_kl_divergence(jax.nn.log_softmax(z), TARGETS),
    "poly": lambda z: optax.losses.poly_loss_cross_entropy(z, TARGETS, epsilon=2.0),
    "sparsemax": lambda z: optax.losses.sparsemax_loss(z, CLASSES[:, None] > 1),
    "ntxent": lambda z: optax.ntxent(z, CLASSES),
    "triplet": lambda z: optax.losses.triplet_margin_loss(
        z, z + 1, TARGETS, margin=0.3
    ),
    "ctc": lambda z: optax.ctc_loss(
        z[None], np.zeros((1, 6)), CLASSES[None, :3], np.zeros((1, 3))
    ),
    "ranking": lambda z: optax.losses.ranking_softmax_loss(z, TARGETS),
    "dice": lambda z: optax.losses.dice_loss(z, TARGETS),
}


def loss_and_gradient(make):
    z = jnp.asarray(LOGITS)
    return make(z), jax.jit(jax.grad(lambda z: jnp.mean(make(z))))(z)


def projections():
    x = jnp.array([0.8, -0.3, 1.4])
    functions = [
        optax.projections.projection_simplex,
        optax.projections.projection_l1_ball,
        optax.projections.projection_l2_ball,
        optax.projections.projection_non_negative,
        lambda x: optax.projections.projection_box(x, 0.0, 1.0),
    ]
    return [f(x) for f in functions] + [jax.jacobian(functions[0])(x)]


def lookahead():
    optimizer = optax.lookahead(optax.sgd(0.1), sync_period=5, slow_step_size=0.5)
    params = optax.LookaheadParams.init_synced(start())
    state = optimizer.init(params)
    for _ in range(12):
        grads = jax.grad(squares)(params.fast)
        updates, state = optimizer.update(grads, state, params)
        params = optax.apply_updates(params, updates)
    return params.slow


def assignment():
    costs = np.random.default_rng(3).normal(size=(4, 6))
    return optax.assignment.hungarian_algorithm(jnp.asarray(costs))


def second_order():
    def loss(params, inputs, targets):
        return jnp.mean((inputs @ params - targets) ** 2)

    v = jnp.array([1.0, 0.5, -1.0])
    params = jnp.zeros(3)
    return (
        optax.second_order.hvp(loss, v, params, X, Y),
        optax.second_order.hessian_diag(loss, params, X, Y),
    )


PROGRAMS = {
    **{f"train {k}": (lambda v=v: train(v())) for k, v in OPTIMIZERS.items()},
    "scan adam": lambda: train_by_scan(optax.adam(0.05)),
    "scan momentum": lambda: train_by_scan(optax.sgd(0.1, 0.9)),
    "lbfgs": lbfgs,
    "backtracking": backtracking,
    **{f"schedule {k}": (lambda v=v: schedule(v)) for k, v in SCHEDULES.items()},
    **{f"loss {k}": (lambda v=v: loss_and_gradient(v)) for k, v in LOSSES.items()},
    "projections": projections,
    "lookahead": lookahead,
    "assignment": assignment,
    "second order": second_order,
}
