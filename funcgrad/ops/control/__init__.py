"""Primitives that carry programs: calls, branches, loops and custom rules."""
