"""Eigenvalues and eigenvectors of general matrices, as text of a kernel over LAPACK."""

from numpy.typing import DTypeLike

from funcgrad.compiler.kernels.kernel_text import (
    FREE,
    MALLOC,
    THREADS,
    Element,
    KernelText,
    allocate,
    at,
    call,
    char_slot,
    element,
    fill_function,
    finite_function,
    if_failed,
    int_slot,
    lapack,
    larger,
    loop,
    query_size,
    real_element,
    release,
    transpose_function,
    when,
    with_threads,
)


def eig_text(dtype: DTypeLike, *, vectors: bool = True) -> KernelText:
    """Eigenvalues in LAPACK's order, and right eigenvectors as columns.

    Parameters of the kernel: results ``w`` (batch, n), complex, and with ``vectors``
    also ``v`` (batch, n, n), complex; operand ``a`` (batch, n, n); words batch, n. All
    of a matrix that does not converge, or that is not finite, is NaN. LAPACK may not
    return from one that is not finite, and never sees it.
    """
    kind = element(dtype)
    symbol = f"fg_kernel_{'eig' if vectors else 'eigvals'}_{kind.dtype.name}"
    both = kind if kind.is_complex else element(f"complex{16 * kind.size}")
    routine = lapack(kind, "geev", 14)
    results = "ptr %w, ptr %v" if vectors else "ptr %w"
    pieces = [
        ("cols", "%matrix.count", kind.size),
        ("vectors", "%matrix.count", kind.size),
        ("values", "%twice", real_element(kind).size),
        ("work", "%work.count", kind.size),
    ]
    text = (
        transpose_function(symbol, kind)
        + fill_function(symbol, both)
        + finite_function(symbol, kind)
        + ("" if kind.is_complex else _join_functions(symbol, kind, both))
        + f"define internal i64 @{symbol}({results}, ptr %a, i64 %batch, i64 %n) {{\n"
        "entry:\n"
        + _slots(kind, both, vectors)
        + call(routine, *_arguments(kind, "%work.query"))
        + query_size("work.count", "%work.query", kind.real, "%lwork")
        + allocate(*pieces)
        + f"  %imaginary = getelementptr inbounds {kind.real}, ptr %values, i64 %n\n"
        + "  %amount = mul i64 %matrix.count, %n\n"
        + with_threads(
            "%amount",
            loop("b", "%batch", _decompose(symbol, kind, vectors)),
        )
        + release()
        + "  ret i64 0\n}\n"
    )
    externs = (routine, MALLOC, FREE, *THREADS)
    return KernelText(symbol, text, externs, 1 + vectors, 1, 2)


def _decompose(symbol: str, kind: Element, vectors: bool) -> str:
    """Text for one matrix."""
    routine = lapack(kind, "geev", 14)
    nan = f"  call void @{symbol}.fill(ptr %own.w, i64 %n)\n"
    if vectors:
        nan += f"  call void @{symbol}.fill(ptr %own, i64 %matrix.count)\n"
    return (
        at("own.w", "%w", "%b", "%w.size")
        + (at("own", "%v", "%b", "%results.size") if vectors else "")
        + at("own.a", "%a", "%b", "%matrix")
        + f"  %finite = call i1 @{symbol}.finite(ptr %own.a, i64 %matrix.count)\n"
        "  store i32 1, ptr %info\n"
        + when(
            "do",
            "%finite",
            f"  call void @{symbol}.transpose(ptr %cols, ptr %own.a, i64 %n, i64 %n)\n"
            + call(routine, *_arguments(kind, "%work"))
            + _unpack(symbol, kind, vectors),
        )
        + if_failed(nan)
    )


def _unpack(symbol: str, kind: Element, vectors: bool) -> str:
    """Text that brings what LAPACK has found to the results."""
    if kind.is_complex:
        text = (
            f"  call void @{symbol}.transpose(ptr %own, ptr %vectors, i64 %n, i64 %n)\n"
        )
    else:
        text = (
            f"  call void @{symbol}.join(ptr %own, ptr %vectors, ptr %imaginary, "
            "i64 %n)\n"
        )
    if not vectors:
        text = ""
    if not kind.is_complex:
        text += f"  call void @{symbol}.join.values(ptr %own.w, ptr %values, i64 %n)\n"
    return text


def _arguments(kind: Element, work: str) -> tuple[str, ...]:
    """In a query of sizes the matrices are not read: any pointer does."""
    asking = work == "%work.query"
    a, v, real, imaginary = (
        [work] * 4 if asking else ["%cols", "%vectors", "%values", "%imaginary"]
    )
    values: tuple[str, ...] = ("%work.query" if asking else "%own.w",)
    if not kind.is_complex:
        values = (real, imaginary)
    return (
        *("%no", "%job", "%n.at", a, "%ld.at", *values, v, "%ld.at", v, "%ld.at"),
        *(work, "%lwork", *((real,) if kind.is_complex else ()), "%info"),
    )


def _slots(kind: Element, both: Element, vectors: bool) -> str:
    return (
        "  %matrix.count = mul nsw i64 %n, %n\n"
        f"  %matrix = mul nsw i64 %matrix.count, {kind.size}\n"
        f"  %results.size = mul nsw i64 %matrix.count, {both.size}\n"
        f"  %w.size = mul nsw i64 %n, {both.size}\n"
        "  %twice = mul nsw i64 %n, 2\n"
        + larger("ld", "%n", "1")
        + char_slot("no", "N")
        + char_slot("job", "V" if vectors else "N")
        + int_slot("n.at", "%n")
        + int_slot("ld.at", "%ld")
        + int_slot("lwork", "-1")
        + int_slot("info")
        + f"  %work.query = alloca {kind.llvm}\n"
    )


def _join_functions(symbol: str, kind: Element, both: Element) -> str:
    """Complex numbers from the halves in which LAPACK gives them for real matrices.

    ``symbol``.join.values(w, values, n) joins n real and n imaginary parts;
    ``symbol``.join(v, columns, imaginary, n) joins two columns that stand for a pair of
    conjugate vectors, the first of which has the positive imaginary part.
    """
    halves = f"""  %re.at = getelementptr inbounds {kind.real}, ptr %values, i64 %i
  %re = load {kind.real}, ptr %re.at
  %second = add nsw i64 %i, %n
  %im.at = getelementptr inbounds {kind.real}, ptr %values, i64 %second
  %im = load {kind.real}, ptr %im.at
  %to = getelementptr inbounds {both.llvm}, ptr %w, i64 %i
"""
    value = f"""  %sign.at = getelementptr inbounds {kind.real}, ptr %imaginary, i64 %j
  %sign = load {kind.real}, ptr %sign.at
  %above = fcmp ogt {kind.real} %sign, 0.0
  %below = fcmp olt {kind.real} %sign, 0.0
  %up = zext i1 %above to i64
  %down = zext i1 %below to i64
  %first = sub nsw i64 %j, %down
  %second = add nsw i64 %j, %up
  %re.column = mul nsw i64 %first, %n
  %re.index = add nsw i64 %re.column, %i
  %im.column = mul nsw i64 %second, %n
  %im.index = add nsw i64 %im.column, %i
  %re.at = getelementptr inbounds {kind.real}, ptr %columns, i64 %re.index
  %re = load {kind.real}, ptr %re.at
  %im.at = getelementptr inbounds {kind.real}, ptr %columns, i64 %im.index
  %im.plus = load {kind.real}, ptr %im.at
  %im.minus = fneg {kind.real} %im.plus
  %im.down = select i1 %below, {kind.real} %im.minus, {kind.real} 0.0
  %im = select i1 %above, {kind.real} %im.plus, {kind.real} %im.down
  %row = mul nsw i64 %i, %n
  %index = add nsw i64 %row, %j
  %to = getelementptr inbounds {both.llvm}, ptr %v, i64 %index
"""
    store = f"""  store {kind.real} %re, ptr %to
  %to.im = getelementptr inbounds {kind.real}, ptr %to, i64 1
  store {kind.real} %im, ptr %to.im
"""
    return (
        f"define internal void @{symbol}.join.values"
        "(ptr %w, ptr %values, i64 %n) noinline {\nentry:\n"
        + loop("i", "%n", halves + store)
        + "  ret void\n}\n"
        + f"define internal void @{symbol}.join"
        "(ptr %v, ptr %columns, ptr %imaginary, i64 %n) noinline {\nentry:\n"
        + loop("i", "%n", loop("j", "%n", value + store))
        + "  ret void\n}\n"
    )
