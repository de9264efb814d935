"""Primitive operations and control flow under JAX's names."""

from funcgrad.api.gradient import stop_gradient as stop_gradient
from funcgrad.ops import arithmetic as _arithmetic
from funcgrad.ops import comparison as _comparison
from funcgrad.ops import selection as _selection
from funcgrad.ops.control.branches import cond as cond
from funcgrad.ops.control.branches import switch as switch
from funcgrad.ops.control.loops import fori_loop as fori_loop
from funcgrad.ops.control.loops import scan as scan
from funcgrad.ops.control.loops import while_loop as while_loop

add = _arithmetic.add
sub = _arithmetic.sub
mul = _arithmetic.mul
neg = _arithmetic.neg
eq = _comparison.eq
ne = _comparison.ne
lt = _comparison.lt
le = _comparison.le
gt = _comparison.gt
ge = _comparison.ge
max = _selection.max
min = _selection.min
clamp = _selection.clamp
select_n = _selection.select_n
