"""What users call: argument checks, pytrees and docstrings over the engine."""
