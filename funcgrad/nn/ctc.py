"""Connectionist temporal classification: labels whose times are not known."""

from __future__ import annotations

from typing import Any

import numpy as np

import funcgrad.numpy as fnp
from funcgrad.core.trace import typeof
from funcgrad.nn.normalization import log_softmax
from funcgrad.nn.smooth import as_float
from funcgrad.numpy.dispatch import to_array
from funcgrad.ops.control.loops import scan


def ctc_loss(
    logits: Any,
    logit_paddings: Any,
    labels: Any,
    label_paddings: Any,
    *,
    blank_id: int = 0,
    log_epsilon: float = -1e5,
) -> Any:
    """Negative log-likelihood of labels, summed over all ways they can lie in time.

    Parameters
    ----------
    logits : array, shape (batch, times, classes)
    logit_paddings : array, shape (batch, times)
        0 for times that count, then 1.
    labels : int array, shape (batch, n)
    label_paddings : array, shape (batch, n)
        0 for labels that count, then 1.
    blank_id : int, optional
        The class that stands for no label.
    log_epsilon : float, optional
        What stands for the logarithm of zero.

    Returns
    -------
    array, shape (batch,)

    References
    ----------
    Graves et al. 2006, "Connectionist temporal classification",
    doi:10.1145/1143844.1143891.

    Examples
    --------
    >>> logits = np.zeros((1, 2, 3))
    >>> loss = ctc_loss(logits, np.zeros((1, 2)), np.array([[1]]), np.zeros((1, 1)))
    >>> np.exp(-loss).round(6).tolist()
    [0.333333]
    """
    scores = log_softmax(as_float(logits))
    names, absent = to_array(labels), as_float(label_paddings)
    batch, count = typeof(names).shape
    # Blanks stand before, between and after the labels.
    places = 2 * count + 1
    symbols = fnp.full((batch, places), blank_id)
    symbols = symbols.at[:, 1::2].set(names)
    repeats = symbols[:, 2:] == symbols[:, :-2]
    is_label = np.arange(places) % 2 == 1
    skips = fnp.logical_and(is_label[2:], fnp.logical_not(repeats))
    taken = fnp.take_along_axis(scores, symbols[:, None, :], axis=2)

    def step(alpha: Any, now: Any) -> Any:
        score, padded = now
        one = fnp.pad(alpha[:, :-1], ((0, 0), (1, 0)), constant_values=log_epsilon)
        two = fnp.where(skips, alpha[:, :-2], log_epsilon)
        two = fnp.pad(two, ((0, 0), (2, 0)), constant_values=log_epsilon)
        moved = score + fnp.logaddexp(fnp.logaddexp(alpha, one), two)
        return fnp.where(padded[:, None] > 0, alpha, moved), None

    start = fnp.full((batch, places), log_epsilon, dtype=typeof(taken).dtype)
    start = start.at[:, 0].set(0.0)
    times = fnp.moveaxis(taken, 1, 0), fnp.moveaxis(as_float(logit_paddings), 1, 0)
    # Before the first time nothing was said: that is place 0, which leads to 0 and 1.
    alpha, _ = scan(step, start, times)
    last = 2 * fnp.sum(1.0 - absent, axis=1).astype(np.int64)
    ends = fnp.stack([last, fnp.maximum(last - 1, 0)], axis=1)
    both = fnp.take_along_axis(alpha, ends, axis=1)
    only = fnp.where(last > 0, fnp.logaddexp(both[:, 0], both[:, 1]), both[:, 0])
    return -only
