"""NumPy's namespace, with derivatives: `funcgrad.numpy`, and NumPy for the rest.

Examples
--------
>>> import funcgrad.compat.autograd.numpy as np
>>> np.tanh(np.zeros(2)).tolist()
[0.0, 0.0]
"""

from funcgrad.compat.autograd.namespaces import names_of
from funcgrad.compat.autograd.numpy import fft as fft
from funcgrad.compat.autograd.numpy import linalg as linalg
from funcgrad.compat.autograd.numpy import numpy_boxes as numpy_boxes
from funcgrad.compat.autograd.numpy import numpy_vjps as numpy_vjps
from funcgrad.compat.autograd.numpy import random as random

__getattr__, __dir__ = names_of(__name__, "funcgrad.numpy", "numpy")
