"""Source of functions that exported modules define where they call them."""

HELPERS: dict[str, str] = {
    "strong_mul": '''@numba.vectorize
def _strong_mul(t, d):
    """The product; zero where one factor is zero, be the other infinite or nan."""
    if t == 0:
        return t
    if d == 0:
        return d
    return t * d''',
    "where": '''@numba.vectorize
def _where(condition, x, y):
    """x where the condition holds, y elsewhere."""
    return x if condition else y''',
    "logistic": '''@numba.vectorize
def _logistic(x):
    """1 / (1 + exp(-x)), without overflow."""
    e = np.exp(-np.abs(x))
    return 1.0 / (1.0 + e) if x >= 0 else e / (1.0 + e)''',
    "erf": """@numba.vectorize
def _erf(x):
    return math.erf(x)""",
    "erfc": """@numba.vectorize
def _erfc(x):
    return math.erfc(x)""",
    "lgamma": """@numba.vectorize
def _lgamma(x):
    return math.lgamma(x)""",
    "matmul": '''@numba.njit(error_model="numpy")
def _matmul(a, b):
    """The matrix product, for types that BLAS does not have."""
    result = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                result[i, j] += a[i, k] * b[k, j]
    return result''',
    "triangular_solve": '''@numba.njit(error_model="numpy")
def _triangular_solve(a, b, upwards, unit_diagonal):
    """x in a @ x = b, with a triangular: from the last row upwards, or downwards."""
    x = b.copy()
    n = a.shape[0]
    for step in range(n):
        i = n - 1 - step if upwards else step
        for k in range(i + 1 if upwards else 0, n if upwards else i):
            for j in range(b.shape[1]):
                x[i, j] -= a[i, k] * x[k, j]
        if not unit_diagonal:
            for j in range(b.shape[1]):
                x[i, j] /= a[i, i]
    return x''',
    "lu_factors": '''@numba.njit(error_model="numpy")
def _lu_factors(a):
    """L and U in one array, the exchanges of rows, and the permutation they make."""
    lu = a.copy()
    m, n = a.shape
    pivots = np.empty(min(m, n), np.int32)
    permutation = np.arange(m).astype(np.int32)
    for k in range(min(m, n)):
        p = k + np.argmax(np.abs(lu[k:, k]))
        pivots[k] = p
        if p != k:
            row = lu[p].copy()
            lu[p] = lu[k]
            lu[k] = row
            permutation[k], permutation[p] = permutation[p], permutation[k]
        if lu[k, k] != 0:
            for i in range(k + 1, m):
                lu[i, k] /= lu[k, k]
        for i in range(k + 1, m):
            for j in range(k + 1, n):
                lu[i, j] -= lu[i, k] * lu[k, j]
    return lu, pivots, permutation''',
}
"""A text for each name."""
