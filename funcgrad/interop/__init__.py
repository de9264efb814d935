"""Both ways with Numba: our functions in ``@njit`` code, and ``@njit`` ones in ours."""
