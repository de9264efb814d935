"""Looking into functions while they run, under every transform."""

from funcgrad.ops.control.callback import debug_callback as callback
from funcgrad.ops.control.callback import debug_print as print

__all__ = ["callback", "print"]
