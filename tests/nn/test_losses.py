"""Losses against their formulas, extreme arguments, and derivatives."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import scipy.special as sp

import funcgrad as fg
from funcgrad import nn
from funcgrad.test_util import check_grads

rng = np.random.default_rng(0)
A, B = rng.normal(size=(2, 4, 5))
P, Q = sp.softmax(A, -1), sp.softmax(B, -1)
SIGNS = np.sign(B)
LABELS = np.array([0, 4, 2, 2])
ONE_HOT = np.eye(5)[LABELS]
TAKEN = rng.random((4, 5)) > 0.3
TAKEN[:, 0] = True
LOG = sp.log_softmax(A, -1)


def pick(x: Any) -> Any:
    return x[np.arange(4), LABELS]


def cosine(a: Any, b: Any) -> Any:
    return (a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))


def distance(x: Any, y: Any) -> Any:
    return np.sqrt(((x - y) ** 2 + 1e-6).sum(-1))


def masked_log(x: Any) -> Any:
    return sp.log_softmax(np.where(TAKEN, x, -np.inf), -1)


CASES: list[tuple[str, tuple[Any, ...], dict[str, Any], Any]] = [
    ("squared_error", (A, B), {}, (A - B) ** 2),
    ("squared_error", (A,), {}, A**2),
    ("l2_loss", (A, B), {}, (A - B) ** 2 / 2),
    ("absolute_error", (A, B), {}, abs(A - B)),
    ("huber_loss", (A, B), {"delta": 0.7}, sp.huber(0.7, A - B)),
    ("log_cosh", (A, B), {}, np.log(np.cosh(A - B))),
    ("cosine_similarity", (A, B), {}, cosine(A, B)),
    ("cosine_similarity", (A, B), {"axis": 0}, cosine(A.T, B.T)),
    ("cosine_similarity", (A, B), {"where": TAKEN}, cosine(A * TAKEN, B * TAKEN)),
    ("cosine_distance", (A, B), {}, 1 - cosine(A, B)),
    ("poisson_nll_loss", (A, abs(B)), {}, np.exp(A) - abs(B) * A),
    ("poisson_nll_loss", (P, abs(B)), {"log_input": False, "epsilon": 0.0}, P - abs(B) * np.log(P)),
    ("triplet_margin_loss", (A, B, B[::-1]), {}, np.maximum(distance(A, B) - distance(A, B[::-1]) + 1, 0)),
    ("sigmoid_binary_cross_entropy", (A, P), {}, -P * np.log(sp.expit(A)) - (1 - P) * np.log(sp.expit(-A))),
    ("sigmoid_focal_loss", (A, ONE_HOT), {"gamma": 1.5}, np.where(ONE_HOT == 1, -np.log(sp.expit(A)) * sp.expit(-A) ** 1.5, -np.log(sp.expit(-A)) * sp.expit(A) ** 1.5)),
    ("sigmoid_focal_loss", (A, ONE_HOT), {"alpha": 0.3}, np.where(ONE_HOT == 1, -0.3 * np.log(sp.expit(A)) * sp.expit(-A) ** 2, -0.7 * np.log(sp.expit(-A)) * sp.expit(A) ** 2)),
    ("softmax_cross_entropy", (A, Q), {}, -(Q * LOG).sum(-1)),
    ("softmax_cross_entropy", (A, Q), {"axis": 0}, -(Q * sp.log_softmax(A, 0)).sum(0)),
    ("softmax_cross_entropy", (A, Q), {"where": TAKEN}, -np.where(TAKEN, Q * np.where(TAKEN, masked_log(A), 0), 0).sum(-1)),
    ("safe_softmax_cross_entropy", (A, Q), {}, -(Q * LOG).sum(-1)),
    ("softmax_cross_entropy_with_integer_labels", (A, LABELS), {}, -pick(LOG)),
    ("softmax_cross_entropy_with_integer_labels", (A.T, LABELS), {"axis": 0}, -pick(LOG)),
    ("softmax_cross_entropy_with_integer_labels", (A.reshape(4, 1, 5), LABELS), {"axis": (1, 2)}, -pick(LOG)),
    ("softmax_cross_entropy_with_integer_labels", (A, 0 * LABELS), {"where": TAKEN}, -masked_log(A)[:, 0]),
    ("poly_loss_cross_entropy", (A, Q), {"epsilon": 0.5}, -(Q * LOG).sum(-1) + 0.5 * (Q * (1 - P)).sum(-1)),
    ("hinge_loss", (A, SIGNS), {}, np.maximum(0, 1 - A * SIGNS)),
    ("perceptron_loss", (A, SIGNS), {}, np.maximum(0, -A * SIGNS)),
    ("multiclass_hinge_loss", (A, LABELS), {}, (A + 1 - ONE_HOT).max(-1) - pick(A)),
    ("multiclass_perceptron_loss", (A, LABELS), {}, A.max(-1) - pick(A)),
    ("smooth_labels", (P, 0.2), {}, 0.8 * P + 0.04),
    ("kl_divergence", (LOG, Q), {}, sp.rel_entr(Q, P).sum(-1)),
    ("kl_divergence", (LOG, Q), {"where": TAKEN}, (sp.rel_entr(Q, P) * TAKEN).sum(-1)),
    ("kl_divergence", (LOG, ONE_HOT), {}, sp.rel_entr(ONE_HOT, P).sum(-1)),
    ("kl_divergence_with_log_targets", (LOG, np.log(Q)), {}, sp.rel_entr(Q, P).sum(-1)),
    ("generalized_kl_divergence", (LOG, 2 * Q), {}, sp.kl_div(2 * Q, P).sum(-1)),
    ("convex_kl_divergence", (LOG, 2 * Q), {}, sp.kl_div(2 * Q, P).sum(-1)),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CASES)))
def test_values_and_derivatives(number: int) -> None:
    name, args, options, want = CASES[number]
    function = lambda *args: getattr(nn, name)(*args, **options)
    for run in (function, fg.jit(function)):
        np.testing.assert_allclose(run(*args), want, rtol=1e-12, atol=1e-15)
    check_grads(lambda x: function(x, *args[1:]), (args[0],), order=1)


EXTREME = np.array([-1e300, -1e4, -800.0, 0.0, 800.0, 1e4, 1e300])


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("sigmoid_binary_cross_entropy", 1.0),
        ("sigmoid_binary_cross_entropy", 0.0),
        ("sigmoid_focal_loss", 1.0),
        ("log_cosh", 0.0),
        ("huber_loss", 0.0),
    ],
)
def test_extreme_arguments(name: str, target: float) -> None:
    loss = lambda x: getattr(nn, name)(x, target)
    assert np.isfinite(loss(EXTREME)).all()
    for grad in (fg.vmap(fg.grad(loss)), fg.jit(fg.vmap(fg.grad(loss)))):
        assert np.isfinite(grad(EXTREME)).all()


def test_extreme_logits() -> None:
    x = np.array([1e4, -1e4, 0.0])
    for loss in (
        lambda x: nn.softmax_cross_entropy(x, np.array([0.0, 1.0, 0.0])),
        lambda x: nn.softmax_cross_entropy_with_integer_labels(x, 1),
    ):
        assert loss(x) == 2e4
        np.testing.assert_array_equal(fg.grad(loss)(x), [1.0, -1.0, 0.0])


def test_forbidden_classes() -> None:
    x = np.array([0.5, -np.inf, 0.5])
    loss = lambda x: nn.safe_softmax_cross_entropy(x, np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(loss(x), np.log(2))
    np.testing.assert_allclose(fg.grad(loss)(x), [-0.5, 0.0, 0.5])


def test_cosine_of_nothing() -> None:
    zero = np.zeros(3)
    similarity = lambda x: nn.cosine_similarity(x, np.ones(3), epsilon=1e-3)
    assert similarity(zero) == 0.0
    assert np.isfinite(fg.grad(similarity)(zero)).all()


def test_full_poisson_likelihood() -> None:
    counts = np.array([0.0, 1.0, 10.0, 50.0])
    full = nn.poisson_nll_loss(np.ones(4), counts, full=True)
    exact = np.exp(1.0) - counts + sp.gammaln(counts + 1)
    np.testing.assert_allclose(full, exact, atol=0.01)


def test_ctc_is_the_sum_over_alignments() -> None:

    logits = rng.normal(size=(3, 4, 3))
    labels = np.array([[1, 2], [1, 1], [2, 0]])
    paddings = np.array([[0, 0], [0, 0], [0, 1]])
    ended = np.array([[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
    logs = sp.log_softmax(logits, -1)
    want = []
    for k in range(3):
        times = int((1 - ended[k]).sum())
        said = labels[k][: int((1 - paddings[k]).sum())].tolist()
        total = 0.0
        for path in itertools.product(range(3), repeat=times):
            merged = [c for c, _ in itertools.groupby(path) if c != 0]
            if merged == said:
                total += np.exp(sum(logs[k, t, c] for t, c in enumerate(path)))
        want.append(-np.log(total))
    function = lambda x: nn.ctc_loss(x, ended, labels, paddings)
    for run in (function, fg.jit(function)):
        np.testing.assert_allclose(run(logits), want, rtol=1e-10)
    check_grads(function, (logits,), order=1)
