"""LLVM text of the one native function through which all compiled programs are called.

`trampoline.py` writes a spec as `trampoline_layout.py` says, this text reads it.
"""

from funcgrad.compiler.call.trampoline_guards import ARRAY_ARGUMENT, SCALAR_ARGUMENT
from funcgrad.compiler.call.trampoline_layout import (
    ARGUMENTS,
    ARRAY_TYPE,
    DATA,
    FLAG_RELEASE_GIL,
    FLAG_SINGLE,
    FLAGS,
    HEADER_WORDS,
    KERNEL,
    MOST_KEPT,
    NEW,
    NONE,
    RECORD_WORDS,
    RESULTS,
    SCALAR,
    TABLE,
    WORKSPACE,
    WORKSPACE_ALIGNMENT,
    WORKSPACE_BYTES,
    WORKSPACE_HEADER,
    field,
    word,
)

# Memory for one result: a new array, or %scratch (and a null %result) for a scalar.
_ALLOCATE_RESULT = f"""
define internal i1 @allocate_result(ptr %spec, ptr %record, ptr %slot, ptr %result,
    ptr %scratch) alwaysinline {{
entry:
{word("%number", "%record", 0)}
{word("%rank", "%record", 1)}
{word("%as.scalar", "%record", 3)}
  %is.scalar = icmp ne i64 %as.scalar, 0
  br i1 %is.scalar, label %scalar, label %array
scalar:
  store ptr %scratch, ptr %slot
  store ptr null, ptr %result
  ret i1 true
array:
{word("%new", "%spec", NEW, "ptr")}
{word("%type", "%spec", ARRAY_TYPE, "ptr")}
  %extents = getelementptr inbounds i64, ptr %record, i64 {RECORD_WORDS}
  %number.short = trunc i64 %number to i32
  %rank.short = trunc i64 %rank to i32
  %object = call ptr %new(ptr %type, i32 %rank.short, ptr %extents, i32 %number.short,
      ptr null, ptr null, i32 0, i32 0, ptr null)
  store ptr %object, ptr %result
  %failed = icmp eq ptr %object, null
  br i1 %failed, label %no, label %yes
yes:
{field("%data", DATA, "ptr")}
  store ptr %data, ptr %slot
  ret i1 true
no:
  ret i1 false
}}
"""

_RELEASE = """
define internal void @release(ptr %results, i64 %count) noinline {
entry:
  br label %next
next:
  %i = phi i64 [0, %entry], [%i.next, %step]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %one, label %done
one:
  %at = getelementptr inbounds ptr, ptr %results, i64 %i
  %object = load ptr, ptr %at
  %present = icmp ne ptr %object, null
  br i1 %present, label %drop, label %step
drop:
  call void @Py_DecRef(ptr %object)
  br label %step
step:
  %i.next = add nuw nsw i64 %i, 1
  br label %next
done:
  ret void
}
"""

# Run the kernel in a workspace of its own. One block is kept for all kernels, in a cell
# that every spec points to; whoever takes it leaves null. Calls that find nothing there
# (others run at once) or too small a block make another. The last to return one frees
# what is in the cell, and blocks above a limit are not kept. A block begins with its
# size.
_RUN = f"""
define internal i64 @run(ptr %spec, ptr %inputs, ptr %outputs) alwaysinline {{
entry:
{word("%kernel", "%spec", KERNEL, "ptr")}
{word("%table", "%spec", TABLE, "ptr")}
{word("%flags", "%spec", FLAGS)}
{word("%bytes", "%spec", WORKSPACE_BYTES)}
{word("%cell", "%spec", WORKSPACE, "ptr")}
  %needed = icmp ne i64 %bytes, 0
  br i1 %needed, label %take, label %ready
take:
  %kept = atomicrmw xchg ptr %cell, ptr null acq_rel
  %absent = icmp eq ptr %kept, null
  br i1 %absent, label %make, label %measure
measure:
  %kept.bytes = load i64, ptr %kept
  %enough = icmp uge i64 %kept.bytes, %bytes
  br i1 %enough, label %ready, label %make
make:
  call void @PyMem_RawFree(ptr %kept)
  %made = call ptr @PyMem_RawMalloc(i64 %bytes)
  %failed = icmp eq ptr %made, null
  br i1 %failed, label %no.memory, label %mark
mark:
  store i64 %bytes, ptr %made
  br label %ready
no.memory:
  call ptr @PyErr_NoMemory()
  ret i64 -1
ready:
  %block = phi ptr [null, %entry], [%kept, %measure], [%made, %mark]
  %address = ptrtoint ptr %block to i64
  %up = add i64 %address, {WORKSPACE_HEADER + WORKSPACE_ALIGNMENT - 1}
  %aligned = and i64 %up, -{WORKSPACE_ALIGNMENT}
  %workspace = inttoptr i64 %aligned to ptr
  %release.bit = and i64 %flags, {FLAG_RELEASE_GIL}
  %release.gil = icmp ne i64 %release.bit, 0
  br i1 %release.gil, label %without, label %with
with:
  %status.with = call i64 %kernel(ptr %inputs, ptr %outputs, ptr %table, ptr %workspace)
  br label %after
without:
  %thread = call ptr @PyEval_SaveThread()
  %status.without = call i64 %kernel(ptr %inputs, ptr %outputs, ptr %table,
      ptr %workspace)
  call void @PyEval_RestoreThread(ptr %thread)
  br label %after
after:
  %status = phi i64 [%status.with, %with], [%status.without, %without]
  br i1 %needed, label %give.back, label %done
give.back:
  %size = load i64, ptr %block
  %keep = icmp ule i64 %size, {MOST_KEPT}
  br i1 %keep, label %exchange, label %free
exchange:
  %other = atomicrmw xchg ptr %cell, ptr %block acq_rel
  br label %free
free:
  %surplus = phi ptr [%block, %give.back], [%other, %exchange]
  call void @PyMem_RawFree(ptr %surplus)
  br label %done
done:
  ret i64 %status
}}
"""

_FINISH = f"""
define internal i1 @make_scalars(ptr %spec, ptr %record.first, ptr %results,
    ptr %outputs, i64 %count) alwaysinline {{
entry:
{word("%make", "%spec", SCALAR, "ptr")}
  br label %next
next:
  %i = phi i64 [0, %entry], [%i.next, %step]
  %record = phi ptr [%record.first, %entry], [%record.next, %step]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %one, label %yes
one:
  %at = getelementptr inbounds ptr, ptr %results, i64 %i
  %object = load ptr, ptr %at
  %absent = icmp eq ptr %object, null
  br i1 %absent, label %scalar, label %step
scalar:
  %value.at = getelementptr inbounds ptr, ptr %outputs, i64 %i
  %value = load ptr, ptr %value.at
{word("%descriptor", "%record", 2, "ptr")}
  %made = call ptr %make(ptr %value, ptr %descriptor, ptr null)
  store ptr %made, ptr %at
  %failed = icmp eq ptr %made, null
  br i1 %failed, label %no, label %step
step:
  %i.next = add nuw nsw i64 %i, 1
{word("%rank", "%record", 1)}
  %words = add nuw nsw i64 %rank, {RECORD_WORDS}
  %record.next = getelementptr inbounds i64, ptr %record, i64 %words
  br label %next
yes:
  ret i1 true
no:
  ret i1 false
}}

define internal ptr @pack(ptr %results, i64 %count) alwaysinline {{
entry:
  %tuple = call ptr @PyTuple_New(i64 %count)
  %failed = icmp eq ptr %tuple, null
  br i1 %failed, label %no, label %next
next:
  %i = phi i64 [0, %entry], [%i.next, %one]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %one, label %done
one:
  %at = getelementptr inbounds ptr, ptr %results, i64 %i
  %object = load ptr, ptr %at
  call i32 @PyTuple_SetItem(ptr %tuple, i64 %i, ptr %object)
  %i.next = add nuw nsw i64 %i, 1
  br label %next
no:
  call void @release(ptr %results, i64 %count)
  br label %done
done:
  ret ptr %tuple
}}
"""

_CALL = f"""
define ptr @FG_KERNEL(ptr %self, ptr %arguments, i64 %given) {{
entry:
  %spec = call ptr @PyCapsule_GetPointer(ptr %self, ptr null)
{word("%count", "%spec", ARGUMENTS)}
{word("%result.count", "%spec", RESULTS)}
{word("%none", "%spec", NONE, "ptr")}
  %right.count = icmp eq i64 %given, %count
  br i1 %right.count, label %enter, label %mismatch
enter:
  %total = add nuw nsw i64 %count, %result.count
  %inputs = alloca ptr, i64 %total
  %outputs = getelementptr inbounds ptr, ptr %inputs, i64 %count
  %results = alloca ptr, i64 %result.count
  %scratch = alloca [2 x i64], i64 %total, align 16
  %first = getelementptr inbounds i64, ptr %spec, i64 {HEADER_WORDS}
  br label %check
check:
  %i = phi i64 [0, %enter], [%i.next, %accept]
  %record = phi ptr [%first, %enter], [%record.next, %accept]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %argument, label %allocate
argument:
  %argument.at = getelementptr inbounds ptr, ptr %arguments, i64 %i
  %object = load ptr, ptr %argument.at
  %slot = getelementptr inbounds ptr, ptr %inputs, i64 %i
  %is.array = call i1 @array_argument(ptr %spec, ptr %record, ptr %object, ptr %slot)
  br i1 %is.array, label %accept, label %try.scalar
try.scalar:
  %own = getelementptr inbounds [2 x i64], ptr %scratch, i64 %i
  %is.scalar = call i1 @scalar_argument(ptr %spec, ptr %record, ptr %object,
      ptr %slot, ptr %own)
  br i1 %is.scalar, label %accept, label %mismatch
accept:
  %i.next = add nuw nsw i64 %i, 1
{word("%rank", "%record", 1)}
  %words = add nuw nsw i64 %rank, {RECORD_WORDS}
  %record.next = getelementptr inbounds i64, ptr %record, i64 %words
  br label %check
allocate:
  %j = phi i64 [0, %check], [%j.next, %allocated]
  %out = phi ptr [%record, %check], [%out.next, %allocated]
  %more.results = icmp slt i64 %j, %result.count
  br i1 %more.results, label %result, label %run
result:
  %position = add nuw nsw i64 %count, %j
  %out.slot = getelementptr inbounds ptr, ptr %inputs, i64 %position
  %out.scratch = getelementptr inbounds [2 x i64], ptr %scratch, i64 %position
  %result.at = getelementptr inbounds ptr, ptr %results, i64 %j
  %fine = call i1 @allocate_result(ptr %spec, ptr %out, ptr %out.slot, ptr %result.at,
      ptr %out.scratch)
  br i1 %fine, label %allocated, label %fail.early
allocated:
  %j.next = add nuw nsw i64 %j, 1
{word("%out.rank", "%out", 1)}
  %out.words = add nuw nsw i64 %out.rank, {RECORD_WORDS}
  %out.next = getelementptr inbounds i64, ptr %out, i64 %out.words
  br label %allocate
fail.early:
  call void @release(ptr %results, i64 %j)
  ret ptr null
run:
  %status = call i64 @run(ptr %spec, ptr %inputs, ptr %outputs)
  %succeeded = icmp eq i64 %status, 0
  br i1 %succeeded, label %finish, label %failed
failed:
  call void @release(ptr %results, i64 %result.count)
  %error = call ptr @PyErr_Occurred()
  %raised = icmp ne ptr %error, null
  br i1 %raised, label %raise, label %report
raise:
  ret ptr null
report:
  %number = call ptr @PyLong_FromLongLong(i64 %status)
  ret ptr %number
finish:
  %scalars = call i1 @make_scalars(ptr %spec, ptr %record, ptr %results, ptr %outputs,
      i64 %result.count)
  br i1 %scalars, label %pack, label %fail.late
fail.late:
  call void @release(ptr %results, i64 %result.count)
  ret ptr null
pack:
{word("%flags", "%spec", FLAGS)}
  %single.bit = and i64 %flags, {FLAG_SINGLE}
  %single = icmp ne i64 %single.bit, 0
  br i1 %single, label %one, label %several
one:
  %only = load ptr, ptr %results
  ret ptr %only
several:
  %tuple = call ptr @pack(ptr %results, i64 %result.count)
  ret ptr %tuple
mismatch:
  call void @Py_IncRef(ptr %none)
  ret ptr %none
}}
"""

_DECLARATIONS = """
declare ptr @PyCapsule_GetPointer(ptr, ptr)
declare double @PyFloat_AsDouble(ptr)
declare i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)
declare double @PyComplex_RealAsDouble(ptr)
declare double @PyComplex_ImagAsDouble(ptr)
declare ptr @PyLong_FromLongLong(i64)
declare ptr @PyTuple_New(i64)
declare i32 @PyTuple_SetItem(ptr, i64, ptr)
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare ptr @PyErr_NoMemory()
declare ptr @PyErr_Occurred()
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare ptr @PyMem_RawMalloc(i64)
declare void @PyMem_RawFree(ptr)
"""

CALL_TEXT = (
    ARRAY_ARGUMENT
    + SCALAR_ARGUMENT
    + _ALLOCATE_RESULT
    + _RELEASE
    + _RUN
    + _FINISH
    + _CALL
    + _DECLARATIONS
)

# Destructor of the capsule: the spec, and what the spec points to.
DESTROY_TEXT = """
define void @FG_KERNEL(ptr %capsule) {
entry:
  %spec = call ptr @PyCapsule_GetPointer(ptr %capsule, ptr null)
  %owned = call ptr @PyCapsule_GetContext(ptr %capsule)
  call void @PyMem_RawFree(ptr %spec)
  call void @Py_DecRef(ptr %owned)
  ret void
}
declare ptr @PyCapsule_GetPointer(ptr, ptr)
declare ptr @PyCapsule_GetContext(ptr)
declare void @PyMem_RawFree(ptr)
declare void @Py_DecRef(ptr)
"""

# Frees the workspace that is kept in a cell.
DROP_TEXT = """
define void @FG_KERNEL(ptr %cell) {
entry:
  %kept = atomicrmw xchg ptr %cell, ptr null acq_rel
  call void @PyMem_RawFree(ptr %kept)
  ret void
}
declare void @PyMem_RawFree(ptr)
"""
