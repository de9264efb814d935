"""Neural networks: activations, attention, pooling, losses, initial weights.

All have stable values and derivatives: no overflow, and no NaN in a gradient, for any
finite argument. Integers are taken as float64.
"""

from funcgrad.nn import initializers as initializers
from funcgrad.nn.attention import dot_product_attention as dot_product_attention
from funcgrad.nn.class_losses import hinge_loss as hinge_loss
from funcgrad.nn.class_losses import multiclass_hinge_loss as multiclass_hinge_loss
from funcgrad.nn.class_losses import (
    multiclass_perceptron_loss as multiclass_perceptron_loss,
)
from funcgrad.nn.class_losses import perceptron_loss as perceptron_loss
from funcgrad.nn.class_losses import poly_loss_cross_entropy as poly_loss_cross_entropy
from funcgrad.nn.class_losses import (
    safe_softmax_cross_entropy as safe_softmax_cross_entropy,
)
from funcgrad.nn.class_losses import (
    sigmoid_binary_cross_entropy as sigmoid_binary_cross_entropy,
)
from funcgrad.nn.class_losses import sigmoid_focal_loss as sigmoid_focal_loss
from funcgrad.nn.class_losses import smooth_labels as smooth_labels
from funcgrad.nn.class_losses import softmax_cross_entropy as softmax_cross_entropy
from funcgrad.nn.class_losses import (
    softmax_cross_entropy_with_integer_labels as softmax_cross_entropy_with_integer_labels,  # noqa: E501
)
from funcgrad.nn.ctc import ctc_loss as ctc_loss
from funcgrad.nn.divergences import convex_kl_divergence as convex_kl_divergence
from funcgrad.nn.divergences import (
    generalized_kl_divergence as generalized_kl_divergence,
)
from funcgrad.nn.divergences import kl_divergence as kl_divergence
from funcgrad.nn.divergences import (
    kl_divergence_with_log_targets as kl_divergence_with_log_targets,
)
from funcgrad.nn.normalization import log_softmax as log_softmax
from funcgrad.nn.normalization import logmeanexp as logmeanexp
from funcgrad.nn.normalization import one_hot as one_hot
from funcgrad.nn.normalization import softmax as softmax
from funcgrad.nn.normalization import standardize as standardize
from funcgrad.nn.pooling import avg_pool as avg_pool
from funcgrad.nn.pooling import max_pool as max_pool
from funcgrad.nn.pooling import min_pool as min_pool
from funcgrad.nn.pooling import pool as pool
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
from funcgrad.nn.rectifiers import sparse_plus as sparse_plus
from funcgrad.nn.rectifiers import sparse_sigmoid as sparse_sigmoid
from funcgrad.nn.regression_losses import absolute_error as absolute_error
from funcgrad.nn.regression_losses import cosine_distance as cosine_distance
from funcgrad.nn.regression_losses import cosine_similarity as cosine_similarity
from funcgrad.nn.regression_losses import huber_loss as huber_loss
from funcgrad.nn.regression_losses import l2_loss as l2_loss
from funcgrad.nn.regression_losses import log_cosh as log_cosh
from funcgrad.nn.regression_losses import poisson_nll_loss as poisson_nll_loss
from funcgrad.nn.regression_losses import squared_error as squared_error
from funcgrad.nn.regression_losses import triplet_margin_loss as triplet_margin_loss
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
from funcgrad.numpy import tanh as tanh
from funcgrad.scipy.special import logsumexp as logsumexp
