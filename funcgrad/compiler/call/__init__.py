"""From Python to machine code and back."""
