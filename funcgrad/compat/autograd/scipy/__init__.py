"""The parts of SciPy that Autograd has."""

from funcgrad.compat.autograd.scipy import integrate as integrate
from funcgrad.compat.autograd.scipy import linalg as linalg
from funcgrad.compat.autograd.scipy import signal as signal
from funcgrad.compat.autograd.scipy import special as special
from funcgrad.compat.autograd.scipy import stats as stats
