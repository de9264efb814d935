"""Initial weights: functions ``(key, shape, dtype) -> array``, with JAX's names."""

from funcgrad.nn.initializers.orthogonal import delta_orthogonal as delta_orthogonal
from funcgrad.nn.initializers.orthogonal import orthogonal as orthogonal
from funcgrad.nn.initializers.plain import Initializer as Initializer
from funcgrad.nn.initializers.plain import constant as constant
from funcgrad.nn.initializers.plain import normal as normal
from funcgrad.nn.initializers.plain import ones as ones
from funcgrad.nn.initializers.plain import truncated_normal as truncated_normal
from funcgrad.nn.initializers.plain import uniform as uniform
from funcgrad.nn.initializers.plain import zeros as zeros
from funcgrad.nn.initializers.variance import glorot_normal as glorot_normal
from funcgrad.nn.initializers.variance import glorot_uniform as glorot_uniform
from funcgrad.nn.initializers.variance import he_normal as he_normal
from funcgrad.nn.initializers.variance import he_uniform as he_uniform
from funcgrad.nn.initializers.variance import kaiming_normal as kaiming_normal
from funcgrad.nn.initializers.variance import kaiming_uniform as kaiming_uniform
from funcgrad.nn.initializers.variance import lecun_normal as lecun_normal
from funcgrad.nn.initializers.variance import lecun_uniform as lecun_uniform
from funcgrad.nn.initializers.variance import variance_scaling as variance_scaling
from funcgrad.nn.initializers.variance import xavier_normal as xavier_normal
from funcgrad.nn.initializers.variance import xavier_uniform as xavier_uniform
