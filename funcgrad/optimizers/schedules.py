"""Learning rates as functions of the number of steps taken, which may be traced."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from funcgrad import ops
from funcgrad.core.array import as_array
from funcgrad.optimizers.optimizer import Schedule


def constant(rate: float) -> Schedule:
    """The same rate for every step.

    Parameters
    ----------
    rate : float

    Returns
    -------
    callable

    Examples
    --------
    >>> constant(0.1)(100)
    0.1
    """
    return lambda count: rate


def exponential_decay(
    rate: float, decay_steps: float, decay_rate: float, staircase: bool = False
) -> Schedule:
    """``rate * decay_rate**(count / decay_steps)``.

    Parameters
    ----------
    rate : float
        At step 0.
    decay_steps : float
        After so many steps the rate is multiplied by ``decay_rate``.
    decay_rate : float
    staircase : bool, optional
        Whether it changes only every ``decay_steps`` steps.

    Returns
    -------
    callable

    Examples
    --------
    >>> float(exponential_decay(1.0, 10, 0.5)(20))
    0.25
    """

    def schedule(count: Any) -> Any:
        turns = count / decay_steps
        return rate * decay_rate ** (np.floor(turns) if staircase else turns)

    return schedule


def inverse_time_decay(
    rate: float, decay_steps: float, decay_rate: float, staircase: bool = False
) -> Schedule:
    """``rate / (1 + decay_rate * count / decay_steps)``.

    Parameters
    ----------
    rate : float
        At step 0.
    decay_steps, decay_rate : float
    staircase : bool, optional
        Whether it changes only every ``decay_steps`` steps.

    Returns
    -------
    callable

    Examples
    --------
    >>> float(inverse_time_decay(1.0, 10, 0.5)(20))
    0.5
    """

    def schedule(count: Any) -> Any:
        turns = count / decay_steps
        return rate / (1 + decay_rate * (np.floor(turns) if staircase else turns))

    return schedule


def polynomial_decay(
    rate: float, decay_steps: int, final_rate: float = 0.0, power: float = 1.0
) -> Schedule:
    """From one rate to another by a power of the steps that are left; linear for 1.

    Parameters
    ----------
    rate, final_rate : float
    decay_steps : int
        Steps until the final rate is reached, which then stays.
    power : float, optional

    Returns
    -------
    callable

    Examples
    --------
    >>> [float(polynomial_decay(1.0, 4)(count)) for count in (0, 1, 4, 9)]
    [1.0, 0.75, 0.0, 0.0]
    """

    def schedule(count: Any) -> Any:
        left = 1 - np.minimum(count, decay_steps) / decay_steps
        return (rate - final_rate) * left**power + final_rate

    return schedule


def cosine_decay(rate: float, decay_steps: int, final_rate: float = 0.0) -> Schedule:
    """From one rate to another by half a turn of a cosine (Loshchilov & Hutter 2017).

    Parameters
    ----------
    rate, final_rate : float
    decay_steps : int
        Steps until the final rate is reached, which then stays.

    Returns
    -------
    callable

    Notes
    -----
    arXiv:1608.03983.

    Examples
    --------
    >>> [round(float(cosine_decay(1.0, 4)(count)), 6) for count in (0, 2, 4, 9)]
    [1.0, 0.5, 0.0, 0.0]
    """

    def schedule(count: Any) -> Any:
        done = np.minimum(count, decay_steps) / decay_steps
        return final_rate + (rate - final_rate) * 0.5 * (1 + np.cos(math.pi * done))

    return schedule


def warmup(
    schedule: float | Schedule, warmup_steps: int, start: float = 0.0
) -> Schedule:
    """A rate that rises linearly to where a schedule starts, which then follows.

    Parameters
    ----------
    schedule : float or callable
        What follows; it counts its steps from the end of the rise.
    warmup_steps : int
    start : float, optional
        Rate at step 0.

    Returns
    -------
    callable

    Examples
    --------
    >>> rate = warmup(cosine_decay(1.0, 10), 4)
    >>> [round(float(rate(count)), 6) for count in (0, 2, 4, 9, 14)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    after = schedule if callable(schedule) else constant(schedule)
    peak = after(0)
    rise = polynomial_decay(start, warmup_steps, peak)
    return joined([rise, after], [warmup_steps])


def piecewise_constant(boundaries: Sequence[int], values: Sequence[float]) -> Schedule:
    """One rate up to each boundary, and another after the last.

    Parameters
    ----------
    boundaries : sequence of int, shape (n,)
        Steps at which the next rate starts, rising.
    values : sequence of float, shape (n + 1,)

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is not one rate more than boundaries.

    Examples
    --------
    >>> rate = piecewise_constant([10, 20], [1.0, 0.1, 0.01])
    >>> [float(rate(count)) for count in (0, 9, 10, 25)]
    [1.0, 1.0, 0.1, 0.01]
    """
    return joined([constant(value) for value in values], boundaries)


def joined(schedules: Sequence[Schedule], boundaries: Sequence[int]) -> Schedule:
    """Schedules one after the other; each counts its steps from its own start.

    Parameters
    ----------
    schedules : sequence of callable, length n + 1
    boundaries : sequence of int, length n
        Steps at which the next schedule starts, rising.

    Returns
    -------
    callable

    Raises
    ------
    ValueError
        If there is not one schedule more than boundaries.

    Examples
    --------
    >>> rate = joined([constant(1.0), exponential_decay(1.0, 1, 0.5)], [10])
    >>> [float(rate(count)) for count in (0, 10, 12)]
    [1.0, 1.0, 0.25]
    """
    if len(schedules) != len(boundaries) + 1:
        raise ValueError(
            f"{len(boundaries)} boundaries separate {len(boundaries) + 1} schedules, "
            f"and there are {len(schedules)}"
        )

    def schedule(count: Any) -> Any:
        rate = schedules[0](count)
        for start, after in zip(boundaries, schedules[1:], strict=True):
            # Not before its start, where a schedule may have no value.
            since = np.maximum(count - start, 0)
            rate = ops.where(count < start, rate, after(since))
        return as_array(rate)

    return schedule
