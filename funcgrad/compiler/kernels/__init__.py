"""Library-like functions that programs include as text: sorting, LAPACK, BLAS."""
