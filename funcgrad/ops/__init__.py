"""The operations: primitives by family, with all their rules, under lax's names."""

from typing import TYPE_CHECKING

from funcgrad.deferred import deferred, homes
from funcgrad.ops import accumulation as accumulation
from funcgrad.ops.arg_extremes import argmax as argmax
from funcgrad.ops.arg_extremes import argmin as argmin
from funcgrad.ops.arithmetic import add as add
from funcgrad.ops.arithmetic import div as div
from funcgrad.ops.arithmetic import mul as mul
from funcgrad.ops.arithmetic import neg as neg
from funcgrad.ops.arithmetic import sub as sub
from funcgrad.ops.bitwise import bitwise_and as bitwise_and
from funcgrad.ops.bitwise import bitwise_not as bitwise_not
from funcgrad.ops.bitwise import bitwise_or as bitwise_or
from funcgrad.ops.bitwise import bitwise_xor as bitwise_xor
from funcgrad.ops.bitwise import clz as clz
from funcgrad.ops.bitwise import population_count as population_count
from funcgrad.ops.bitwise import right_shift as right_shift
from funcgrad.ops.bitwise import shift_left as shift_left
from funcgrad.ops.bitwise import shift_right_arithmetic as shift_right_arithmetic
from funcgrad.ops.bitwise import shift_right_logical as shift_right_logical
from funcgrad.ops.casting import convert_element_type as convert_element_type
from funcgrad.ops.comparison import eq as eq
from funcgrad.ops.comparison import ge as ge
from funcgrad.ops.comparison import gt as gt
from funcgrad.ops.comparison import le as le
from funcgrad.ops.comparison import lt as lt
from funcgrad.ops.comparison import ne as ne
from funcgrad.ops.complex_parts import abs as abs
from funcgrad.ops.complex_parts import complex as complex
from funcgrad.ops.complex_parts import conj as conj
from funcgrad.ops.complex_parts import imag as imag
from funcgrad.ops.complex_parts import real as real
from funcgrad.ops.complex_parts import sign as sign
from funcgrad.ops.contraction import dot_general as dot_general
from funcgrad.ops.control import tapes as tapes
from funcgrad.ops.cumulative import cumlogsumexp as cumlogsumexp
from funcgrad.ops.cumulative import cummax as cummax
from funcgrad.ops.cumulative import cummin as cummin
from funcgrad.ops.cumulative import cumprod as cumprod
from funcgrad.ops.cumulative import cumsum as cumsum
from funcgrad.ops.dynamic_slicing import dynamic_index_in_dim as dynamic_index_in_dim
from funcgrad.ops.dynamic_slicing import dynamic_slice as dynamic_slice
from funcgrad.ops.dynamic_slicing import dynamic_slice_in_dim as dynamic_slice_in_dim
from funcgrad.ops.dynamic_slicing import (
    dynamic_update_index_in_dim as dynamic_update_index_in_dim,
)
from funcgrad.ops.dynamic_slicing import dynamic_update_slice as dynamic_update_slice
from funcgrad.ops.dynamic_slicing import (
    dynamic_update_slice_in_dim as dynamic_update_slice_in_dim,
)
from funcgrad.ops.elementwise import broadcast_shapes as broadcast_shapes
from funcgrad.ops.exponential import exp as exp
from funcgrad.ops.exponential import exp2 as exp2
from funcgrad.ops.exponential import expm1 as expm1
from funcgrad.ops.exponential import log as log
from funcgrad.ops.exponential import log1p as log1p
from funcgrad.ops.exponential import log2 as log2
from funcgrad.ops.exponential import log10 as log10
from funcgrad.ops.exponential import logaddexp as logaddexp
from funcgrad.ops.exponential import logaddexp2 as logaddexp2
from funcgrad.ops.exponential import logistic as logistic
from funcgrad.ops.fourier import fourier as fourier
from funcgrad.ops.hyperbolic import acosh as acosh
from funcgrad.ops.hyperbolic import asinh as asinh
from funcgrad.ops.hyperbolic import atanh as atanh
from funcgrad.ops.hyperbolic import cosh as cosh
from funcgrad.ops.hyperbolic import sinh as sinh
from funcgrad.ops.hyperbolic import tanh as tanh
from funcgrad.ops.index_expressions import getitem as getitem
from funcgrad.ops.index_updates import at as at
from funcgrad.ops.indexing import gather as gather
from funcgrad.ops.indexing import take_along_axis as take_along_axis
from funcgrad.ops.iota import broadcasted_iota as broadcasted_iota
from funcgrad.ops.iota import full as full
from funcgrad.ops.iota import iota as iota
from funcgrad.ops.joining import concatenate as concatenate
from funcgrad.ops.joining import stack as stack
from funcgrad.ops.powers import cbrt as cbrt
from funcgrad.ops.powers import hypot as hypot
from funcgrad.ops.powers import integer_pow as integer_pow
from funcgrad.ops.powers import pow as pow
from funcgrad.ops.powers import reciprocal as reciprocal
from funcgrad.ops.powers import rsqrt as rsqrt
from funcgrad.ops.powers import sqrt as sqrt
from funcgrad.ops.powers import square as square
from funcgrad.ops.recurrence import linear_recurrence as linear_recurrence
from funcgrad.ops.reduction import reduce_and as reduce_and
from funcgrad.ops.reduction import reduce_max as reduce_max
from funcgrad.ops.reduction import reduce_min as reduce_min
from funcgrad.ops.reduction import reduce_or as reduce_or
from funcgrad.ops.reduction import reduce_prod as reduce_prod
from funcgrad.ops.reduction import reduce_xor as reduce_xor
from funcgrad.ops.remainders import floor_divide as floor_divide
from funcgrad.ops.remainders import mod as mod
from funcgrad.ops.remainders import rem as rem
from funcgrad.ops.reversal import rev as rev
from funcgrad.ops.rounding import ceil as ceil
from funcgrad.ops.rounding import floor as floor
from funcgrad.ops.rounding import is_finite as is_finite
from funcgrad.ops.rounding import is_inf as is_inf
from funcgrad.ops.rounding import is_nan as is_nan
from funcgrad.ops.rounding import nextafter as nextafter
from funcgrad.ops.rounding import round as round
from funcgrad.ops.rounding import signbit as signbit
from funcgrad.ops.rounding import trunc as trunc
from funcgrad.ops.scattering import ScatterDimensionNumbers as ScatterDimensionNumbers
from funcgrad.ops.selection import clamp as clamp
from funcgrad.ops.selection import max as max
from funcgrad.ops.selection import min as min
from funcgrad.ops.selection import select_n as select_n
from funcgrad.ops.selection import stop_gradient as stop_gradient
from funcgrad.ops.selection import where as where
from funcgrad.ops.slicing import pad as pad
from funcgrad.ops.slicing import strided_slice as strided_slice
from funcgrad.ops.slicing_one_axis import index_in_dim as index_in_dim
from funcgrad.ops.slicing_one_axis import slice_in_dim as slice_in_dim
from funcgrad.ops.structural import broadcast_in_dim as broadcast_in_dim
from funcgrad.ops.structural import broadcast_to as broadcast_to
from funcgrad.ops.structural import move_axis as move_axis
from funcgrad.ops.structural import reduce_sum as reduce_sum
from funcgrad.ops.structural import reshape as reshape
from funcgrad.ops.structural import transpose as transpose
from funcgrad.ops.trigonometric import acos as acos
from funcgrad.ops.trigonometric import asin as asin
from funcgrad.ops.trigonometric import atan as atan
from funcgrad.ops.trigonometric import atan2 as atan2
from funcgrad.ops.trigonometric import cos as cos
from funcgrad.ops.trigonometric import sin as sin
from funcgrad.ops.trigonometric import tan as tan
from funcgrad.ops.window_update import update_slice as update_slice
from funcgrad.ops.windows import GatherDimensionNumbers as GatherDimensionNumbers

if TYPE_CHECKING:
    from funcgrad.ops import linalg as linalg
    from funcgrad.ops.bit_patterns import bitcast_convert_type as bitcast_convert_type
    from funcgrad.ops.bit_patterns import reduce_precision as reduce_precision
    from funcgrad.ops.convolving import conv_general_dilated as conv_general_dilated
    from funcgrad.ops.random_bits import threefry2x32 as threefry2x32
    from funcgrad.ops.scatter_calls import scatter as scatter
    from funcgrad.ops.scatter_calls import scatter_add as scatter_add
    from funcgrad.ops.scatter_calls import scatter_max as scatter_max
    from funcgrad.ops.scatter_calls import scatter_min as scatter_min
    from funcgrad.ops.scatter_calls import scatter_mul as scatter_mul
    from funcgrad.ops.searching import searchsorted as searchsorted
    from funcgrad.ops.segments import segment_max as segment_max
    from funcgrad.ops.segments import segment_min as segment_min
    from funcgrad.ops.segments import segment_prod as segment_prod
    from funcgrad.ops.segments import segment_sum as segment_sum
    from funcgrad.ops.sorting import argsort as argsort
    from funcgrad.ops.sorting import sort as sort
    from funcgrad.ops.sorting import sort_key_val as sort_key_val
    from funcgrad.ops.sorting import top_k as top_k
    from funcgrad.ops.special.error_and_gamma import digamma as digamma
    from funcgrad.ops.special.error_and_gamma import erf as erf
    from funcgrad.ops.special.error_and_gamma import erf_inv as erf_inv
    from funcgrad.ops.special.error_and_gamma import erfc as erfc
    from funcgrad.ops.special.error_and_gamma import lgamma as lgamma
    from funcgrad.ops.special.error_and_gamma import polygamma as polygamma
else:
    _HOMES = {
        "bit_patterns": "bitcast_convert_type reduce_precision",
        "convolving": "conv_general_dilated",
        "random_bits": "threefry2x32",
        "searching": "searchsorted",
        "segments": "segment_max segment_min segment_prod segment_sum",
        "sorting": "argsort sort sort_key_val top_k",
        "special.error_and_gamma": "digamma erf erf_inv erfc lgamma polygamma",
        "scatter_calls": "scatter scatter_add scatter_max scatter_min scatter_mul",
    }
    _LATER = homes(__name__, _HOMES)
    __getattr__, __dir__ = deferred(__name__, ["linalg"], _LATER)
