"""Functions of neural networks: activations, softmax and its kin, one-hot codes.

All have stable values and derivatives: no overflow, and no NaN in a gradient, for any
finite argument. Integers are taken as float64.
"""

from funcgrad.nn import initializers as initializers
from funcgrad.nn.normalization import log_softmax as log_softmax
from funcgrad.nn.normalization import logmeanexp as logmeanexp
from funcgrad.nn.normalization import one_hot as one_hot
from funcgrad.nn.normalization import softmax as softmax
from funcgrad.nn.normalization import standardize as standardize
from funcgrad.nn.rectifiers import celu as celu
from funcgrad.nn.rectifiers import elu as elu
from funcgrad.nn.rectifiers import hard_sigmoid as hard_sigmoid
from funcgrad.nn.rectifiers import hard_silu as hard_silu
from funcgrad.nn.rectifiers import hard_swish as hard_swish
from funcgrad.nn.rectifiers import hard_tanh as hard_tanh
from funcgrad.nn.rectifiers import leaky_relu as leaky_relu
from funcgrad.nn.rectifiers import relu as relu
from funcgrad.nn.rectifiers import relu6 as relu6
from funcgrad.nn.rectifiers import selu as selu
from funcgrad.nn.smooth import gelu as gelu
from funcgrad.nn.smooth import glu as glu
from funcgrad.nn.smooth import identity as identity
from funcgrad.nn.smooth import log1mexp as log1mexp
from funcgrad.nn.smooth import log_sigmoid as log_sigmoid
from funcgrad.nn.smooth import mish as mish
from funcgrad.nn.smooth import sigmoid as sigmoid
from funcgrad.nn.smooth import silu as silu
from funcgrad.nn.smooth import soft_sign as soft_sign
from funcgrad.nn.smooth import softplus as softplus
from funcgrad.nn.smooth import squareplus as squareplus
from funcgrad.nn.smooth import swish as swish
from funcgrad.scipy.special import logsumexp as logsumexp
