"""Functions through given points: on grids of any number of axes, and by cubics."""

from funcgrad.scipy.interpolate.cubic import Akima1DInterpolator as Akima1DInterpolator
from funcgrad.scipy.interpolate.cubic import CubicHermiteSpline as CubicHermiteSpline
from funcgrad.scipy.interpolate.cubic import CubicSpline as CubicSpline
from funcgrad.scipy.interpolate.cubic import PchipInterpolator as PchipInterpolator
from funcgrad.scipy.interpolate.grid import (
    RegularGridInterpolator as RegularGridInterpolator,
)
