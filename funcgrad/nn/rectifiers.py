"""Activations with a bend: relu and its kin."""

from __future__ import annotations

from typing import Any

import funcgrad.numpy as fnp
from funcgrad.nn.smooth import as_float
from funcgrad.numpy.dispatch import to_array

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def relu(x: Any) -> Any:
    """``max(x, 0)``; the derivative at 0 is 0, as in most of the literature.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape and dtype of ``x``

    Examples
    --------
    >>> import numpy as np
    >>> relu(np.array([-1.0, 2.0]))
    Array([0., 2.])
    """
    y = to_array(x)
    return fnp.where(y <= 0, 0, y)


def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)``; the derivative at 0 and 6 is 0.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, shape and dtype of ``x``

    Examples
    --------
    >>> import numpy as np
    >>> relu6(np.array([-1.0, 2.0, 7.0]))
    Array([0., 2., 6.])
    """
    y = to_array(x)
    return fnp.where(y <= 0, 0, fnp.where(y >= 6, 6, y))


def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    """``x`` where not negative, ``negative_slope * x`` elsewhere.

    Parameters
    ----------
    x : array
    negative_slope : float or array, optional

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> leaky_relu(np.array([-1.0, 2.0]))
    Array([-0.01,  2.  ])
    """
    y = as_float(x)
    return fnp.where(y >= 0, y, negative_slope * y)


def hard_tanh(x: Any) -> Any:
    """``x`` clipped to [-1, 1].

    Parameters
    ----------
    x : array

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> hard_tanh(np.array([-3.0, 0.5]))
    Array([-1. ,  0.5])
    """
    y = to_array(x)
    return fnp.where(y > 1, 1, fnp.where(y < -1, -1, y))


def hard_sigmoid(x: Any) -> Any:
    """``relu6(x + 3) / 6``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, entries in [0, 1]

    Examples
    --------
    >>> import numpy as np
    >>> hard_sigmoid(np.array([-4.0, 0.0]))
    Array([0. , 0.5])
    """
    return relu6(as_float(x) + 3.0) / 6.0


def hard_silu(x: Any) -> Any:
    """``x * hard_sigmoid(x)``.

    Parameters
    ----------
    x : array

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> hard_silu(np.array([-4.0, 4.0]))
    Array([-0.,  4.])
    """
    y = as_float(x)
    return y * hard_sigmoid(y)


hard_swish = hard_silu


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere.

    Parameters
    ----------
    x : array
    alpha : float or array, optional

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> elu(np.array([-1000.0, 2.0]))
    Array([-1.,  2.])
    """
    y = as_float(x)
    positive = y > 0
    below = alpha * fnp.expm1(fnp.where(positive, 0.0, y))
    return fnp.where(positive, y, below)


def celu(x: Any, alpha: Any = 1.0) -> Any:
    """``x`` where positive, ``alpha * (exp(x / alpha) - 1)`` elsewhere.

    Parameters
    ----------
    x : array
    alpha : float or array, optional

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> celu(np.array([-1000.0, 2.0]), alpha=0.5)
    Array([-0.5,  2. ])
    """
    y = as_float(x)
    positive = y > 0
    below = alpha * fnp.expm1(fnp.where(positive, 0.0, y) / alpha)
    return fnp.where(positive, y, below)


def selu(x: Any) -> Any:
    """Scaled ``elu`` that keeps mean 0 and variance 1 (arXiv:1706.02515).

    Parameters
    ----------
    x : array

    Returns
    -------
    array

    Examples
    --------
    >>> import numpy as np
    >>> selu(np.array([1.0]))
    Array([1.05070099])
    """
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def sparse_plus(x: Any) -> Any:
    """0 up to -1, ``(x + 1)**2 / 4`` up to 1, then ``x``: softplus for sparsemax.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, entries >= 0

    References
    ----------
    Martins & Astudillo 2016, "From softmax to sparsemax", arXiv:1602.02068.

    Examples
    --------
    >>> import numpy as np
    >>> sparse_plus(np.array([-2.0, 0.0, 3.0]))
    Array([0.  , 0.25, 3.  ])
    """
    y = as_float(x)
    inside = fnp.clip(y, -1.0, 1.0)
    return fnp.where(y > 1, y, fnp.square(inside + 1.0) / 4)


def sparse_sigmoid(x: Any) -> Any:
    """``clip((x + 1) / 2, 0, 1)``, the derivative of `sparse_plus`.

    Parameters
    ----------
    x : array

    Returns
    -------
    array, entries in [0, 1]

    Examples
    --------
    >>> import numpy as np
    >>> sparse_sigmoid(np.array([-2.0, 0.0, 3.0]))
    Array([0. , 0.5, 1. ])
    """
    return 0.5 * fnp.clip(as_float(x) + 1.0, 0.0, 2.0)
