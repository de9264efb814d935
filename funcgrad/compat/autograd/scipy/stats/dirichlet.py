"""The distribution ``dirichlet``, with derivatives."""

from funcgrad.compat.autograd.namespaces import names_of

__getattr__, __dir__ = names_of(
    __name__, "funcgrad.scipy.stats.dirichlet", "scipy.stats.dirichlet"
)
