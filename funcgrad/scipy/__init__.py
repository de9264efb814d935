"""SciPy's namespaces on traced values and arrays alike."""

from funcgrad.scipy import special as special
