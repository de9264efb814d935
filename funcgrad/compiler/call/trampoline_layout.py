"""Layout of what the native call reads: the spec in its capsule, objects, arrays."""

# A spec is a block of 64-bit words, in the memory of a capsule that is `self` of the
# builtin function: a header, then one record for each argument, then for each result.
# Words of the header:
ARGUMENTS, RESULTS, KERNEL, ARRAY_TYPE, BASE_TYPE, FLAGS, TABLE = range(7)
WORKSPACE_BYTES, WORKSPACE, NONE, TRUE, NEW, SCALAR, AS_C_TYPE = range(7, 14)
HEADER_WORDS = 16
# A record is six words, then the extents. Of an argument: descriptor, rank, NumPy's
# scalar type, Python's scalar type, its kind, the descriptor's type and byte order.
# Of a result: type number, rank, descriptor, whether to return a scalar.
RECORD_WORDS = 6
FLAG_SINGLE, FLAG_RELEASE_GIL = 1, 2
KIND_FLOAT, KIND_INT, KIND_BOOL, KIND_COMPLEX = range(1, 5)
WORKSPACE_ALIGNMENT, WORKSPACE_HEADER = 64, 8
# Larger workspaces, in bytes, go back to the system after each call.
MOST_KEPT = 1 << 28

# Offsets of the fields of PyObject and PyArrayObject; checked before first use.
TYPE, DATA, RANK, EXTENTS, DESCRIPTOR, ARRAY_FLAGS = 8, 16, 24, 32, 56, 64
CONTIGUOUS_AND_ALIGNED = 0x1 | 0x100
# One word of PyArray_Descr: chars for kind, type and byte order, an unused byte, and
# the type number. It tells that two descriptors mean the same dtype.
DTYPE, DTYPE_MASK = 24, 0xFFFFFFFF00FFFFFF


def word(name: str, block: str, index: int | str, kind: str = "i64") -> str:
    """Text that loads one 64-bit word of a block."""
    return (
        f"  {name}.at = getelementptr inbounds i64, ptr {block}, i64 {index}\n"
        f"  {name} = load {kind}, ptr {name}.at"
    )


def field(name: str, offset: int, kind: str) -> str:
    """Text that loads a field of ``%object``."""
    return (
        f"  {name}.at = getelementptr inbounds i8, ptr %object, i64 {offset}\n"
        f"  {name} = load {kind}, ptr {name}.at"
    )
