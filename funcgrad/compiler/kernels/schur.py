"""Schur and Hessenberg forms of general matrices, as texts of kernels over LAPACK."""

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


def schur_text(dtype: DTypeLike) -> KernelText:
    """``A = Q @ T @ Q^H`` with T upper triangular, of blocks of two if A is real.

    Parameters of the kernel: results ``t`` and ``q`` (batch, n, n); operand ``a``
    (batch, n, n); words batch, n. All of a matrix that does not converge, or that is
    not finite, is NaN.
    """
    kind = element(dtype)
    symbol = f"fg_kernel_schur_{kind.dtype.name}"
    routine = lapack(kind, "gees", 15)
    decompose = (
        _own_parts()
        + f"  %finite = call i1 @{symbol}.finite(ptr %own.a, i64 %matrix.count)\n"
        "  store i32 1, ptr %info\n"
        + when(
            "do",
            "%finite",
            f"  call void @{symbol}.transpose(ptr %cols, ptr %own.a, i64 %n, i64 %n)\n"
            + call(routine, *_schur_arguments(kind, "%work"))
            + _transposed_results(symbol),
        )
        + if_failed(
            f"  call void @{symbol}.fill(ptr %own.t, i64 %matrix.count)\n"
            f"  call void @{symbol}.fill(ptr %own.q, i64 %matrix.count)\n"
        )
    )
    pieces = [
        ("cols", "%matrix.count", kind.size),
        ("vectors", "%matrix.count", kind.size),
        ("values", "%n", kind.size),
        ("others", "%n", real_element(kind).size),
        ("work", "%work.count", kind.size),
    ]
    text = (
        transpose_function(symbol, kind)
        + fill_function(symbol, kind)
        + finite_function(symbol, kind)
        + _head(symbol)
        + _sizes(kind)
        + char_slot("job", "V")
        + char_slot("no", "N")
        + int_slot("found")
        + call(routine, *_schur_arguments(kind, "%work.query"))
        + query_size("work.count", "%work.query", kind.real, "%lwork")
        + allocate(*pieces)
        + with_threads("%amount", loop("b", "%batch", decompose))
        + release()
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (routine, MALLOC, FREE, *THREADS), 2, 1, 2)


def hessenberg_text(dtype: DTypeLike) -> KernelText:
    """``A = Q @ H @ Q^H`` with H zero below its first subdiagonal.

    Parameters of the kernel: results ``h`` and ``q`` (batch, n, n), of which ``h`` has
    LAPACK's reflectors below the subdiagonal; operand ``a`` (batch, n, n); words
    batch, n.
    """
    kind = element(dtype)
    symbol = f"fg_kernel_hessenberg_{kind.dtype.name}"
    reduce = lapack(kind, "gehrd", 9)
    form = lapack(kind, "unghr" if kind.is_complex else "orghr", 9)

    def arguments(matrix: str, work: str) -> tuple[str, ...]:
        tau = work if work == "%work.query" else "%values"
        shared = ("%n.at", "%first", "%n.at", matrix, "%ld.at", tau)
        return (*shared, work, "%lwork", "%info")

    decompose = (
        _own_parts()
        + f"  call void @{symbol}.transpose(ptr %cols, ptr %own.a, i64 %n, i64 %n)\n"
        + call(reduce, *arguments("%cols", "%work"))
        + f"  call void @{symbol}.transpose(ptr %own.t, ptr %cols, i64 %n, i64 %n)\n"
        + call(form, *arguments("%cols", "%work"))
        + f"  call void @{symbol}.transpose(ptr %own.q, ptr %cols, i64 %n, i64 %n)\n"
    )
    pieces = [
        ("cols", "%matrix.count", kind.size),
        ("values", "%ld", kind.size),
        ("work", "%work.count", kind.size),
    ]
    text = (
        transpose_function(symbol, kind)
        + _head(symbol)
        + _sizes(kind)
        + int_slot("first", "1")
        # The second routine wants no more than the first.
        + call(reduce, *arguments("%work.query", "%work.query"))
        + query_size("work.count", "%work.query", kind.real, "%lwork")
        + allocate(*pieces)
        + with_threads("%amount", loop("b", "%batch", decompose))
        + release()
        + "  ret i64 0\n}\n"
    )
    return KernelText(symbol, text, (reduce, form, MALLOC, FREE, *THREADS), 2, 1, 2)


def _head(symbol: str) -> str:
    return (
        f"define internal i64 @{symbol}(ptr %t, ptr %q, ptr %a, i64 %batch, i64 %n) {{"
        "\nentry:\n"
    )


def _own_parts() -> str:
    return (
        at("own.t", "%t", "%b", "%matrix")
        + at("own.q", "%q", "%b", "%matrix")
        + at("own.a", "%a", "%b", "%matrix")
    )


def _transposed_results(symbol: str) -> str:
    return (
        f"  call void @{symbol}.transpose(ptr %own.t, ptr %cols, i64 %n, i64 %n)\n"
        f"  call void @{symbol}.transpose(ptr %own.q, ptr %vectors, i64 %n, i64 %n)\n"
    )


def _schur_arguments(kind: Element, work: str) -> tuple[str, ...]:
    """In a query of sizes the matrices are not read: any pointer does."""
    asking = work == "%work.query"
    a, v, values, others = (
        [work] * 4 if asking else ["%cols", "%vectors", "%values", "%others"]
    )
    eigenvalues = (values,) if kind.is_complex else (values, others)
    return (
        *("%job", "%no", "null", "%n.at", a, "%ld.at", "%found", *eigenvalues),
        *(v, "%ld.at", work, "%lwork", *((others,) if kind.is_complex else ())),
        *("null", "%info"),
    )


def _sizes(kind: Element) -> str:
    return (
        "  %matrix.count = mul nsw i64 %n, %n\n"
        f"  %matrix = mul nsw i64 %matrix.count, {kind.size}\n"
        "  %amount = mul i64 %matrix.count, %n\n"
        + larger("ld", "%n", "1")
        + int_slot("n.at", "%n")
        + int_slot("ld.at", "%ld")
        + int_slot("lwork", "-1")
        + int_slot("info")
        + f"  %work.query = alloca {kind.llvm}\n"
    )
