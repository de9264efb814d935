"""SciPy's namespaces on traced values and arrays alike."""

from typing import TYPE_CHECKING

from funcgrad.deferred import deferred

if TYPE_CHECKING:
    from funcgrad.scipy import fft as fft
    from funcgrad.scipy import integrate as integrate
    from funcgrad.scipy import interpolate as interpolate
    from funcgrad.scipy import linalg as linalg
    from funcgrad.scipy import ndimage as ndimage
    from funcgrad.scipy import optimize as optimize
    from funcgrad.scipy import signal as signal
    from funcgrad.scipy import special as special
    from funcgrad.scipy import stats as stats
else:
    __getattr__, __dir__ = deferred(
        __name__,
        (
            "fft integrate interpolate linalg ndimage optimize signal special stats"
        ).split(),
    )
