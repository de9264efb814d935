"""The names of ``autograd.core`` that programs use."""

from funcgrad.compat.autograd.extend import VSpace as VSpace
from funcgrad.compat.autograd.extend import def_linear as def_linear
from funcgrad.compat.autograd.extend import defjvp as defjvp
from funcgrad.compat.autograd.extend import defjvp_argnum as defjvp_argnum
from funcgrad.compat.autograd.extend import defjvp_argnums as defjvp_argnums
from funcgrad.compat.autograd.extend import defvjp as defvjp
from funcgrad.compat.autograd.extend import defvjp_argnum as defvjp_argnum
from funcgrad.compat.autograd.extend import defvjp_argnums as defvjp_argnums
from funcgrad.compat.autograd.extend import primitive as primitive
from funcgrad.compat.autograd.extend import vspace as vspace
from funcgrad.compat.autograd.tracer import Box as Box
from funcgrad.compat.autograd.tracer import getval as getval
from funcgrad.compat.autograd.tracer import isbox as isbox
