"""Autograd's interface: a program written for it runs when its imports are changed.

``import autograd.numpy as np`` becomes ``import funcgrad.compat.autograd.numpy as np``,
and ``from autograd import grad`` becomes ``from funcgrad.compat.autograd import grad``.
What is new: every function here can be compiled with `funcgrad.jit`, and batched with
`funcgrad.vmap`. ``docs/compat.md`` says what differs.

Examples
--------
>>> import funcgrad.compat.autograd.numpy as np
>>> from funcgrad.compat.autograd import grad
>>> def tanh(x):
...     return (1.0 - np.exp(-2 * x)) / (1.0 + np.exp(-2 * x))
>>> round(float(grad(tanh)(1.0)), 6)
0.419974
"""

from funcgrad.compat.autograd.differential_operators import checkpoint as checkpoint
from funcgrad.compat.autograd.differential_operators import deriv as deriv
from funcgrad.compat.autograd.differential_operators import (
    elementwise_grad as elementwise_grad,
)
from funcgrad.compat.autograd.differential_operators import grad as grad
from funcgrad.compat.autograd.differential_operators import grad_and_aux as grad_and_aux
from funcgrad.compat.autograd.differential_operators import grad_named as grad_named
from funcgrad.compat.autograd.differential_operators import hessian as hessian
from funcgrad.compat.autograd.differential_operators import (
    hessian_tensor_product as hessian_tensor_product,
)
from funcgrad.compat.autograd.differential_operators import (
    hessian_vector_product as hessian_vector_product,
)
from funcgrad.compat.autograd.differential_operators import (
    holomorphic_grad as holomorphic_grad,
)
from funcgrad.compat.autograd.differential_operators import jacobian as jacobian
from funcgrad.compat.autograd.differential_operators import make_ggnvp as make_ggnvp
from funcgrad.compat.autograd.differential_operators import make_hvp as make_hvp
from funcgrad.compat.autograd.differential_operators import make_jvp as make_jvp
from funcgrad.compat.autograd.differential_operators import make_vjp as make_vjp
from funcgrad.compat.autograd.differential_operators import (
    multigrad_dict as multigrad_dict,
)
from funcgrad.compat.autograd.differential_operators import (
    tensor_jacobian_product as tensor_jacobian_product,
)
from funcgrad.compat.autograd.differential_operators import (
    value_and_grad as value_and_grad,
)
from funcgrad.compat.autograd.differential_operators import (
    vector_jacobian_product as vector_jacobian_product,
)
