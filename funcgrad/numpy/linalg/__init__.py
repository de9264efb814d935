"""Linear algebra with NumPy's signatures, on traced values and arrays alike."""
