"""Densities and distribution functions, differentiable in every parameter.

Distributions have SciPy's names and parameters: ``norm.logpdf(x, loc, scale)``.
"""

from funcgrad.scipy.stats.discrete import bernoulli as bernoulli
from funcgrad.scipy.stats.discrete import betabinom as betabinom
from funcgrad.scipy.stats.discrete import binom as binom
from funcgrad.scipy.stats.discrete import geom as geom
from funcgrad.scipy.stats.discrete import nbinom as nbinom
from funcgrad.scipy.stats.discrete import poisson as poisson
from funcgrad.scipy.stats.gamma_and_beta import beta as beta
from funcgrad.scipy.stats.gamma_and_beta import chi2 as chi2
from funcgrad.scipy.stats.gamma_and_beta import f as f
from funcgrad.scipy.stats.gamma_and_beta import gamma as gamma
from funcgrad.scipy.stats.gamma_and_beta import gennorm as gennorm
from funcgrad.scipy.stats.gamma_and_beta import invgamma as invgamma
from funcgrad.scipy.stats.gamma_and_beta import t as t
from funcgrad.scipy.stats.kernel_density import gaussian_kde as gaussian_kde
from funcgrad.scipy.stats.location_scale import cauchy as cauchy
from funcgrad.scipy.stats.location_scale import expon as expon
from funcgrad.scipy.stats.location_scale import gumbel_l as gumbel_l
from funcgrad.scipy.stats.location_scale import gumbel_r as gumbel_r
from funcgrad.scipy.stats.location_scale import halfnorm as halfnorm
from funcgrad.scipy.stats.location_scale import laplace as laplace
from funcgrad.scipy.stats.location_scale import logistic as logistic
from funcgrad.scipy.stats.location_scale import lognorm as lognorm
from funcgrad.scipy.stats.location_scale import norm as norm
from funcgrad.scipy.stats.location_scale import pareto as pareto
from funcgrad.scipy.stats.location_scale import truncnorm as truncnorm
from funcgrad.scipy.stats.location_scale import uniform as uniform
from funcgrad.scipy.stats.location_scale import vonmises as vonmises
from funcgrad.scipy.stats.location_scale import weibull_min as weibull_min
from funcgrad.scipy.stats.location_scale import wrapcauchy as wrapcauchy
from funcgrad.scipy.stats.multivariate import dirichlet as dirichlet
from funcgrad.scipy.stats.multivariate import multinomial as multinomial
from funcgrad.scipy.stats.multivariate import multivariate_normal as multivariate_normal
from funcgrad.scipy.stats.samples import mode as mode
from funcgrad.scipy.stats.samples import rankdata as rankdata
from funcgrad.scipy.stats.samples import sem as sem
