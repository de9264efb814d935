"""Gradient descent and its kin as pairs of pure functions on pytrees.

An optimizer has ``init(params) -> state`` and ``update(grads, state, params) ->
(params, state)``. States are pytrees of arrays, the count of steps included, so that an
update can be compiled and be the body of a compiled loop.

Examples
--------
A training loop in one compiled program:

>>> import numpy as np
>>> import funcgrad as fg
>>> from funcgrad import optimizers
>>> x = np.linspace(-1.0, 1.0, 20)
>>> def loss(params):
...     return np.mean((params["a"] * x + params["b"] - (3.0 * x - 1.0)) ** 2)
>>> schedule = optimizers.warmup(optimizers.cosine_decay(0.3, 200), 20)
>>> optimizer = optimizers.clipped(optimizers.adam(schedule), max_norm=1.0)
>>> @fg.jit
... def train(params):
...     def step(carry, _):
...         params, state = carry
...         value, grads = fg.value_and_grad(loss)(params)
...         return optimizer.update(grads, state, params), value
...     carry = (params, optimizer.init(params))
...     (params, _), values = fg.lax.scan(step, carry, length=200)
...     return params, values
>>> params, values = train({"a": 0.0, "b": 0.0})
>>> round(float(params["a"]), 3), round(float(params["b"]), 3)
(3.0, -1.0)
"""

from funcgrad.optimizers.adaptive import AdagradState as AdagradState
from funcgrad.optimizers.adaptive import AdamState as AdamState
from funcgrad.optimizers.adaptive import RmspropState as RmspropState
from funcgrad.optimizers.adaptive import adagrad as adagrad
from funcgrad.optimizers.adaptive import adam as adam
from funcgrad.optimizers.adaptive import adamw as adamw
from funcgrad.optimizers.adaptive import rmsprop as rmsprop
from funcgrad.optimizers.clipping import clip_by_global_norm as clip_by_global_norm
from funcgrad.optimizers.clipping import clipped as clipped
from funcgrad.optimizers.clipping import global_norm as global_norm
from funcgrad.optimizers.descent import SgdState as SgdState
from funcgrad.optimizers.descent import sgd as sgd
from funcgrad.optimizers.limited_memory import LbfgsState as LbfgsState
from funcgrad.optimizers.limited_memory import lbfgs as lbfgs
from funcgrad.optimizers.optimizer import Optimizer as Optimizer
from funcgrad.optimizers.schedules import constant as constant
from funcgrad.optimizers.schedules import cosine_decay as cosine_decay
from funcgrad.optimizers.schedules import exponential_decay as exponential_decay
from funcgrad.optimizers.schedules import inverse_time_decay as inverse_time_decay
from funcgrad.optimizers.schedules import joined as joined
from funcgrad.optimizers.schedules import piecewise_constant as piecewise_constant
from funcgrad.optimizers.schedules import polynomial_decay as polynomial_decay
from funcgrad.optimizers.schedules import warmup as warmup
