"""The language: avals, primitives, jaxprs, traces and tracers."""

from funcgrad.core.aval import ShapedArray as ShapedArray
from funcgrad.core.check import check_jaxpr as check_jaxpr
from funcgrad.core.jaxpr import ClosedJaxpr as ClosedJaxpr
from funcgrad.core.jaxpr import Eqn as Eqn
from funcgrad.core.jaxpr import Jaxpr as Jaxpr
from funcgrad.core.jaxpr import Literal as Literal
from funcgrad.core.jaxpr import Var as Var
from funcgrad.core.jaxpr import eval_jaxpr as eval_jaxpr
from funcgrad.core.primitive import Primitive as Primitive
from funcgrad.core.trace import Tracer as Tracer
