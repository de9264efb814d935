"""Looking into functions while they run, under every transform."""

from funcgrad.api.explain_nan import NonFinite, explain_nan
from funcgrad.ops.control.callback import debug_callback as callback
from funcgrad.ops.control.callback import debug_print as print

__all__ = ["NonFinite", "callback", "explain_nan", "print"]
