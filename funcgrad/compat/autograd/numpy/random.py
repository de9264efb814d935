"""NumPy's random numbers, which have no derivatives."""

from funcgrad.compat.autograd.namespaces import names_of

__getattr__, __dir__ = names_of(__name__, "numpy.random")
