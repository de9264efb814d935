"""Flattening, optimizers and fixed points."""

from funcgrad.compat.autograd.misc.flatten import flatten as flatten
