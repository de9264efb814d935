"""Programs written for Autograd: models that are trained, and their gradients."""

import itertools

import autograd.numpy as np
import autograd.numpy.random as npr
from autograd import elementwise_grad, grad, hessian, jacobian, value_and_grad
from autograd.builtins import isinstance as is_a
from autograd.misc.flatten import flatten, flatten_func
from autograd.misc.optimizers import adam, rmsprop, sgd
from autograd.scipy.special import gammaln, logsumexp
from scipy.optimize import minimize


def neural_net():
    rs = npr.RandomState(0)
    sizes = [2, 8, 6, 3]
    params = [
        (0.5 * rs.randn(m, n), 0.5 * rs.randn(n)) for m, n in itertools.pairwise(sizes)
    ]
    inputs = rs.randn(50, 2)
    targets = np.eye(3)[(inputs[:, 0] > 0).astype(int) + (inputs[:, 1] > 0).astype(int)]

    def predict(params, inputs):
        for W, b in params:
            outputs = np.dot(inputs, W) + b
            inputs = np.tanh(outputs)
        return outputs - logsumexp(outputs, axis=1, keepdims=True)

    def objective(params, i):
        batch = slice(10 * (i % 5), 10 * (i % 5 + 1))
        log_prior = -0.01 * np.dot(flatten(params)[0], flatten(params)[0])
        fit = np.sum(predict(params, inputs[batch]) * targets[batch])
        return -log_prior - fit

    losses = []
    trained = adam(
        grad(objective),
        params,
        step_size=0.05,
        num_iters=40,
        callback=lambda p, i, g: losses.append(objective(p, 0)),
    )
    return trained, losses[::10]


def logistic_regression():
    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.3]])
    targets = np.array([True, True, False])

    def loss(weights):
        predictions = 0.5 * (np.tanh(np.dot(inputs, weights) / 2) + 1)
        label = predictions * targets + (1 - predictions) * (1 - targets)
        return -np.sum(np.log(label))

    weights = np.zeros(3)
    for _ in range(50):
        weights -= grad(loss)(weights) * 0.1
    return weights, loss(weights), hessian(loss)(weights)


def gaussian_process():
    rs = npr.RandomState(1)
    x = np.linspace(-2, 2, 12)[:, None]
    y = np.sin(2 * x[:, 0]) + 0.1 * rs.randn(12)

    def covariance(params, x1, x2):
        scale, lengths = np.exp(params[0]), np.exp(params[1:])
        diffs = np.expand_dims(x1 / lengths, 1) - np.expand_dims(x2 / lengths, 0)
        return scale * np.exp(-0.5 * np.sum(diffs**2, axis=2))

    def loss(params):
        K = covariance(params[1:], x, x) + np.exp(params[0]) * np.eye(12)
        _, logdet = np.linalg.slogdet(K)
        return 0.5 * (np.dot(y, np.linalg.solve(K, y)) + logdet)

    fit = minimize(
        value_and_grad(loss), np.array([-1.0, 0.1, 0.1]), jac=True, method="BFGS"
    )
    return np.round(fit.x, 4), np.round(fit.fun, 7)


def rosenbrock():
    def f(x):
        return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

    x0 = np.array([-1.2, 1.0])
    newton = minimize(
        f, x0, jac=grad(f), hess=hessian(f), method="Newton-CG", tol=1e-10
    )
    return np.round(newton.x, 7), grad(f)(x0), hessian(f)(x0)


def recurrent_net():
    rs = npr.RandomState(2)
    params = {
        "hidden": 0.3 * rs.randn(9, 5),
        "predict": 0.3 * rs.randn(6, 3),
        "init": 0.1 * rs.randn(5),
    }
    sequence = np.eye(3)[rs.randint(3, size=(8, 4))]

    def with_ones(x):
        return np.concatenate((x, np.ones((x.shape[0], 1))), axis=1)

    def log_likelihood(params):
        hiddens = np.repeat(params["init"].reshape(1, 5), 4, axis=0)
        total = 0.0
        for t in range(len(sequence) - 1):
            stacked = with_ones(np.concatenate((sequence[t], hiddens), axis=1))
            hiddens = np.tanh(np.dot(stacked, params["hidden"]))
            outputs = np.dot(with_ones(hiddens), params["predict"])
            logs = outputs - logsumexp(outputs, axis=1, keepdims=True)
            total = total + np.sum(logs * sequence[t + 1])
        return total / 8

    trained = rmsprop(
        lambda p, i: grad(lambda p: -log_likelihood(p))(p), params, num_iters=10
    )
    return trained, log_likelihood(trained)


def mixture_of_gaussians():
    rs = npr.RandomState(3)
    data = rs.randn(30, 2) + 3 * rs.randint(2, size=(30, 1))
    params = {
        "log proportions": rs.randn(2) * 0.1,
        "means": rs.randn(2, 2),
        "lower triangles": np.zeros((2, 2, 2)) + np.eye(2),
    }

    def log_marginal(params):
        logits = params["log proportions"] - logsumexp(params["log proportions"])
        parts = []
        for logit, mean, L in zip(
            logits, params["means"], params["lower triangles"], strict=True
        ):
            solved = np.dot(data - mean, L)
            logdet = np.sum(np.log(np.abs(np.diag(L))))
            parts.append(logit + logdet - 0.5 * np.sum(solved**2, axis=1))
        return np.sum(logsumexp(np.vstack(parts), axis=0))

    flat, unflatten, vector = flatten_func(lambda p: -log_marginal(p), params)
    g = grad(lambda v: flat(v)[0])
    fit = sgd(lambda v, i: g(v), vector, step_size=0.005, num_iters=20)
    return unflatten(fit), flat(fit)


def black_box_variational_inference():
    rs = npr.RandomState(4)

    def log_density(x):
        mu, log_sigma = x[:, 0], x[:, 1]
        prior = -0.5 * (log_sigma / 1.35) ** 2
        return prior - 0.5 * (mu / np.exp(log_sigma)) ** 2 - log_sigma

    def objective(params, i):
        mean, log_std = params[:2], params[2:]
        samples = rs.randn(50, 2) * np.exp(log_std) + mean
        entropy = 0.5 * 2 * (1.0 + np.log(2 * np.pi)) + np.sum(log_std)
        return -entropy - np.mean(log_density(samples))

    start = np.concatenate([-np.ones(2), -5 * np.ones(2)])
    return adam(grad(objective), start, step_size=0.1, num_iters=60)


def natural_gradient():
    def log_probability(mean, log_scale, x):
        return -0.5 * ((x - mean) / np.exp(log_scale)) ** 2 - log_scale

    x = np.linspace(-1, 2, 20)

    def loss(params):
        return -np.mean(log_probability(params[0], params[1], x))

    params = np.array([2.0, 1.0])
    for _ in range(20):
        scores = jacobian(lambda p: log_probability(p[0], p[1], x))(params)
        fisher = np.dot(scores.T, scores) / 20 + 1e-3 * np.eye(2)
        params = params - 0.1 * np.linalg.solve(fisher, grad(loss)(params))
    return params


def fluid():
    """Smoke carried by a velocity field, which is chosen for where the smoke goes."""
    rs = npr.RandomState(5)
    vx, vy = 0.3 * rs.randn(2, 8, 8)
    smoke = np.zeros((8, 8))
    smoke[2:4, 2:4] = 1.0
    target = np.roll(smoke, 2, axis=0)
    ys, xs = np.meshgrid(np.arange(8), np.arange(8))

    def advect(f, vx, vy):
        center_x, center_y = xs - vx, ys - vy
        left, top = np.floor(center_x).astype(int), np.floor(center_y).astype(int)
        rw, bw = center_x - left, center_y - top
        left, right, top, bottom = left % 8, (left + 1) % 8, top % 8, (top + 1) % 8
        upper = (1 - bw) * f[left, top] + bw * f[left, bottom]
        lower = (1 - bw) * f[right, top] + bw * f[right, bottom]
        return (1 - rw) * upper + rw * lower

    def distance(params):
        vx, vy = np.reshape(params, (2, 8, 8))
        f = smoke
        for _ in range(3):
            f = advect(f, vx, vy)
            around = np.roll(vx, 1, 0) + np.roll(vx, -1, 0) + np.roll(vx, 1, 1)
            vx = 0.7 * vx + 0.1 * around
        return np.mean((target - f) ** 2)

    return value_and_grad(distance)(np.concatenate([vx.ravel(), vy.ravel()]))


def tanh_derivatives():
    def tanh(x):
        return (1.0 - np.exp(-2 * x)) / (1.0 + np.exp(-2 * x))

    x = np.linspace(-3, 3, 9)
    orders, f = [tanh(x)], tanh
    for _ in range(4):
        f = elementwise_grad(f)
        orders.append(f(x))
    return orders


def sinusoid_series():
    def taylor(x):
        ans = term = x
        for i in range(0, 30, 2):
            term = -term * x * x / ((i + 3) * (i + 2))
            ans = ans + term
            if np.abs(term) < 0.2:
                break
        return ans

    return [grad(taylor)(x) for x in np.linspace(0.5, 4.0, 6)]


def poisson_regression():
    rs = npr.RandomState(6)
    X, counts = rs.randn(20, 3), rs.randint(1, 5, size=20)

    def loss(w):
        assert is_a(w, np.ndarray)
        rates = np.exp(np.dot(X, w))
        return np.sum(rates - counts * np.log(rates) + gammaln(counts + 1.0))

    return value_and_grad(loss)(np.array([0.1, -0.2, 0.3]))


PROGRAMS = {
    f.__name__: f
    for f in [
        neural_net,
        logistic_regression,
        gaussian_process,
        rosenbrock,
        recurrent_net,
        mixture_of_gaussians,
        black_box_variational_inference,
        natural_gradient,
        fluid,
        tanh_derivatives,
        sinusoid_series,
        poisson_regression,
    ]
}
