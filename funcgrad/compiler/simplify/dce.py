"""Dead code: equations, and outputs of inner programs, that nothing reads."""

from __future__ import annotations

from funcgrad.core.jaxpr import Jaxpr, dead_code


def drop_dead_code(jaxpr: Jaxpr) -> Jaxpr:
    """The program without equations that no output or effect needs."""
    eqns, _ = dead_code(jaxpr.eqns, jaxpr.outvars)
    return jaxpr.replace(eqns=tuple(eqns))
