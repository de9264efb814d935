"""LLVM text of the guards: is an argument of a call what the kernel was made for."""

from funcgrad.compiler.call.trampoline_layout import (
    ARRAY_FLAGS,
    ARRAY_TYPE,
    AS_C_TYPE,
    BASE_TYPE,
    CONTIGUOUS_AND_ALIGNED,
    DATA,
    DESCRIPTOR,
    DTYPE,
    DTYPE_MASK,
    EXTENTS,
    KIND_BOOL,
    KIND_COMPLEX,
    KIND_FLOAT,
    KIND_INT,
    RANK,
    RECORD_WORDS,
    TRUE,
    TYPE,
    field,
    word,
)

# Whether %object is an array as the record asks; its data pointer goes to %slot.
ARRAY_ARGUMENT = f"""
define internal i1 @array_argument(ptr %spec, ptr %record, ptr %object, ptr %slot)
    alwaysinline {{
entry:
{field("%type", TYPE, "ptr")}
{word("%array.type", "%spec", ARRAY_TYPE, "ptr")}
{word("%base.type", "%spec", BASE_TYPE, "ptr")}
  %is.array = icmp eq ptr %type, %array.type
  %is.base = icmp eq ptr %type, %base.type
  %right.type = or i1 %is.array, %is.base
  br i1 %right.type, label %array, label %no
array:
{field("%descriptor", DESCRIPTOR, "ptr")}
{field("%rank", RANK, "i32")}
{field("%flags", ARRAY_FLAGS, "i32")}
{word("%want.descriptor", "%record", 0, "ptr")}
{word("%want.rank", "%record", 1)}
  %rank.wide = sext i32 %rank to i64
  %flags.masked = and i32 %flags, {CONTIGUOUS_AND_ALIGNED}
  %same.rank = icmp eq i64 %rank.wide, %want.rank
  %same.flags = icmp eq i32 %flags.masked, {CONTIGUOUS_AND_ALIGNED}
  %same.both = and i1 %same.rank, %same.flags
  br i1 %same.both, label %dtype, label %no
dtype:
  %same.descriptor = icmp eq ptr %descriptor, %want.descriptor
  br i1 %same.descriptor, label %extents, label %compare.dtype
compare.dtype:
  %dtype.at = getelementptr inbounds i8, ptr %descriptor, i64 {DTYPE}
  %dtype.word = load i64, ptr %dtype.at
  %dtype.masked = and i64 %dtype.word, {DTYPE_MASK}
{word("%want.dtype", "%record", 5)}
  %same.dtype = icmp eq i64 %dtype.masked, %want.dtype
  br i1 %same.dtype, label %extents, label %no
extents:
{field("%extents.ptr", EXTENTS, "ptr")}
  br label %next
next:
  %axis = phi i64 [0, %extents], [%axis.next, %compare]
  %more = icmp slt i64 %axis, %want.rank
  br i1 %more, label %compare, label %yes
compare:
  %axis.next = add nuw nsw i64 %axis, 1
  %word = add nuw nsw i64 %axis, {RECORD_WORDS}
{word("%extent", "%extents.ptr", "%axis")}
{word("%want.extent", "%record", "%word")}
  %same.extent = icmp eq i64 %extent, %want.extent
  br i1 %same.extent, label %next, label %no
yes:
{field("%data", DATA, "ptr")}
  store ptr %data, ptr %slot
  ret i1 true
no:
  ret i1 false
}}
"""

# The same for a scalar of NumPy or of Python, whose value is copied to %scratch.
SCALAR_ARGUMENT = f"""
define internal i1 @scalar_argument(ptr %spec, ptr %record, ptr %object, ptr %slot,
    ptr %scratch) noinline {{
entry:
{field("%type", TYPE, "ptr")}
{word("%numpy.type", "%record", 2, "ptr")}
{word("%python.type", "%record", 3, "ptr")}
{word("%kind", "%record", 4)}
  store ptr %scratch, ptr %slot
  %is.numpy = icmp eq ptr %type, %numpy.type
  br i1 %is.numpy, label %numpy, label %other
numpy:
{word("%as.c.type", "%spec", AS_C_TYPE, "ptr")}
  call void %as.c.type(ptr %object, ptr %scratch)
  ret i1 true
other:
  %is.python = icmp eq ptr %type, %python.type
  br i1 %is.python, label %python, label %no
python:
  switch i64 %kind, label %no [
    i64 {KIND_FLOAT}, label %float
    i64 {KIND_INT}, label %int
    i64 {KIND_BOOL}, label %bool
    i64 {KIND_COMPLEX}, label %complex
  ]
float:
  %double = call double @PyFloat_AsDouble(ptr %object)
  store double %double, ptr %scratch
  ret i1 true
int:
  %overflow.at = alloca i32
  %long = call i64 @PyLong_AsLongLongAndOverflow(ptr %object, ptr %overflow.at)
  store i64 %long, ptr %scratch
  %overflow = load i32, ptr %overflow.at
  %fits = icmp eq i32 %overflow, 0
  ret i1 %fits
bool:
{word("%true", "%spec", TRUE, "ptr")}
  %is.true = icmp eq ptr %object, %true
  %byte = zext i1 %is.true to i8
  store i8 %byte, ptr %scratch
  ret i1 true
complex:
  %real = call double @PyComplex_RealAsDouble(ptr %object)
  %imag = call double @PyComplex_ImagAsDouble(ptr %object)
  %imag.at = getelementptr inbounds double, ptr %scratch, i64 1
  store double %real, ptr %scratch
  store double %imag, ptr %imag.at
  ret i1 true
no:
  ret i1 false
}}
"""
