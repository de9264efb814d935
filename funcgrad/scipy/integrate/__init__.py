"""Integrals of samples, and differential equations with steps that adapt."""

from funcgrad.scipy.integrate.dormand_prince import odeint as odeint
from funcgrad.scipy.integrate.samples import (
    cumulative_trapezoid as cumulative_trapezoid,
)
from funcgrad.scipy.integrate.samples import simpson as simpson
from funcgrad.scipy.integrate.samples import trapezoid as trapezoid
