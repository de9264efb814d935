"""Random numbers from explicit keys: the same bits as JAX's, compiled or not.

The numbers are those of ``jax.random`` with ``jax_enable_x64`` on, the default
generator ``threefry2x32`` and ``jax_threefry_partitionable`` on (JAX's default since
0.5). Keys are uint32 arrays of shape ``(2,)``. Samples are float64 unless told.
"""

from funcgrad.random.binomial import binomial as binomial
from funcgrad.random.binomial import multinomial as multinomial
from funcgrad.random.choices import categorical as categorical
from funcgrad.random.choices import choice as choice
from funcgrad.random.choices import permutation as permutation
from funcgrad.random.continuous import cauchy as cauchy
from funcgrad.random.continuous import exponential as exponential
from funcgrad.random.continuous import gumbel as gumbel
from funcgrad.random.continuous import laplace as laplace
from funcgrad.random.continuous import logistic as logistic
from funcgrad.random.continuous import normal as normal
from funcgrad.random.continuous import truncated_normal as truncated_normal
from funcgrad.random.continuous import uniform as uniform
from funcgrad.random.discrete import bernoulli as bernoulli
from funcgrad.random.discrete import geometric as geometric
from funcgrad.random.discrete import rademacher as rademacher
from funcgrad.random.discrete import randint as randint
from funcgrad.random.gamma_family import beta as beta
from funcgrad.random.gamma_family import chisquare as chisquare
from funcgrad.random.gamma_family import dirichlet as dirichlet
from funcgrad.random.gamma_family import f as f
from funcgrad.random.gamma_family import gamma as gamma
from funcgrad.random.gamma_family import generalized_normal as generalized_normal
from funcgrad.random.gamma_family import loggamma as loggamma
from funcgrad.random.gamma_family import t as t
from funcgrad.random.generator import Generator as Generator
from funcgrad.random.generator import default_rng as default_rng
from funcgrad.random.geometry import ball as ball
from funcgrad.random.geometry import orthogonal as orthogonal
from funcgrad.random.keys import PRNGKey as PRNGKey
from funcgrad.random.keys import bits as bits
from funcgrad.random.keys import clone as clone
from funcgrad.random.keys import fold_in as fold_in
from funcgrad.random.keys import key as key
from funcgrad.random.keys import key_data as key_data
from funcgrad.random.keys import split as split
from funcgrad.random.keys import wrap_key_data as wrap_key_data
from funcgrad.random.poisson import poisson as poisson
from funcgrad.random.transformed import double_sided_maxwell as double_sided_maxwell
from funcgrad.random.transformed import lognormal as lognormal
from funcgrad.random.transformed import maxwell as maxwell
from funcgrad.random.transformed import multivariate_normal as multivariate_normal
from funcgrad.random.transformed import pareto as pareto
from funcgrad.random.transformed import rayleigh as rayleigh
from funcgrad.random.transformed import triangular as triangular
from funcgrad.random.transformed import wald as wald
from funcgrad.random.transformed import weibull_min as weibull_min
