"""Special functions: error, gamma, beta, zeta and Bessel families."""

from typing import TYPE_CHECKING

from funcgrad.deferred import deferred
from funcgrad.ops.special.error_and_gamma import digamma as digamma
from funcgrad.ops.special.error_and_gamma import erf as erf
from funcgrad.ops.special.error_and_gamma import erf_inv as erf_inv
from funcgrad.ops.special.error_and_gamma import erfc as erfc
from funcgrad.ops.special.error_and_gamma import lgamma as lgamma
from funcgrad.ops.special.error_and_gamma import polygamma as polygamma

if TYPE_CHECKING:
    from funcgrad.ops.special import bessel as bessel
    from funcgrad.ops.special import elliptic as elliptic
    from funcgrad.ops.special import hypergeometric as hypergeometric
    from funcgrad.ops.special import integral_functions as integral_functions
    from funcgrad.ops.special import student as student
    from funcgrad.ops.special.bessel_scaled import bessel_i0e as bessel_i0e
    from funcgrad.ops.special.bessel_scaled import bessel_i1e as bessel_i1e
    from funcgrad.ops.special.incomplete_beta import betainc as betainc
    from funcgrad.ops.special.incomplete_gamma import igamma as igamma
    from funcgrad.ops.special.incomplete_gamma import igamma_grad_a as igamma_grad_a
    from funcgrad.ops.special.incomplete_gamma import igammac as igammac
    from funcgrad.ops.special.incomplete_gamma import (
        random_gamma_grad as random_gamma_grad,
    )
    from funcgrad.ops.special.zeta_functions import zeta as zeta
else:
    __getattr__, __dir__ = deferred(
        __name__,
        "bessel elliptic hypergeometric integral_functions student".split(),
        {
            "bessel_i0e": "funcgrad.ops.special.bessel_scaled",
            "bessel_i1e": "funcgrad.ops.special.bessel_scaled",
            "betainc": "funcgrad.ops.special.incomplete_beta",
            "igamma": "funcgrad.ops.special.incomplete_gamma",
            "igamma_grad_a": "funcgrad.ops.special.incomplete_gamma",
            "igammac": "funcgrad.ops.special.incomplete_gamma",
            "random_gamma_grad": "funcgrad.ops.special.incomplete_gamma",
            "zeta": "funcgrad.ops.special.zeta_functions",
        },
    )
