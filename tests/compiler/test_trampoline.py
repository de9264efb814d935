import ctypes
import gc
import pickle
import sys
import threading
import time

import numpy as np
import pytest

from funcgrad.compiler.build import executable
from funcgrad.compiler.call import trampoline
from funcgrad.compiler.call import trampoline_layout as layout
from funcgrad.compiler.call.trampoline import ArraySpec, make_native_call

NO_TABLE = np.zeros(0, np.int64)

# outs[0][0] = args[0][0] + ... ; the sum also goes to all other outs.
PROLOGUE = "define i64 @FG_KERNEL(ptr %args, ptr %outs, ptr %table, ptr %work) {\n"

LLVM_TYPES = {
    "float64": "double",
    "float32": "float",
    "int64": "i64",
    "int32": "i32",
    "int16": "i16",
    "uint8": "i8",
    "bool": "i8",
    "complex128": "{double, double}",
    "complex64": "{float, float}",
}


def copy_kernel(dtype: str, count: int, extent: int = 1) -> int:
    """Kernel that copies argument i to result i, ``extent`` elements each."""
    kind = LLVM_TYPES[dtype]
    lines = [PROLOGUE]
    for i in range(count):
        lines += [
            f"  %a{i}.at = getelementptr ptr, ptr %args, i64 {i}",
            f"  %a{i} = load ptr, ptr %a{i}.at",
            f"  %o{i}.at = getelementptr ptr, ptr %outs, i64 {i}",
            f"  %o{i} = load ptr, ptr %o{i}.at",
        ]
        for j in range(extent):
            lines += [
                f"  %s{i}.{j} = getelementptr {kind}, ptr %a{i}, i64 {j}",
                f"  %d{i}.{j} = getelementptr {kind}, ptr %o{i}, i64 {j}",
                f"  %v{i}.{j} = load {kind}, ptr %s{i}.{j}, align 1",
                f"  store {kind} %v{i}.{j}, ptr %d{i}.{j}, align 1",
            ]
    lines += ["  ret i64 0", "}"]
    return executable.compile_kernel("\n".join(lines))


STATUS_KERNEL = PROLOGUE + "  ret i64 7\n}\n"

TABLE_KERNEL = (
    PROLOGUE
    + """
  %o = load ptr, ptr %outs
  %at = getelementptr i64, ptr %table, i64 2
  %v = load i64, ptr %at
  store i64 %v, ptr %o
  ret i64 0
}
"""
)

# Adds x to a counter in the workspace that starts as x, one at a time, and so
# notices when another thread writes to the same workspace.
WORKSPACE_KERNEL = (
    PROLOGUE
    + """
  %a = load ptr, ptr %args
  %o = load ptr, ptr %outs
  %x = load i64, ptr %a
  store volatile i64 %x, ptr %work
  %address = ptrtoint ptr %work to i64
  br label %loop
loop:
  %i = phi i64 [0, %0], [%i.next, %loop]
  %v = load volatile i64, ptr %work
  %w = add i64 %v, %x
  store volatile i64 %w, ptr %work
  %i.next = add i64 %i, 1
  %more = icmp slt i64 %i.next, 2000000
  br i1 %more, label %loop, label %done
done:
  %sum = load volatile i64, ptr %work
  %o1 = getelementptr i64, ptr %o, i64 1
  store i64 %sum, ptr %o
  store i64 %address, ptr %o1
  ret i64 0
}
"""
)


class Subclass(np.ndarray):
    pass


@pytest.fixture(params=["native", "reference"])
def make(request, monkeypatch):
    if request.param == "reference":
        monkeypatch.setattr(trampoline, "is_native", lambda: False)
    else:
        assert trampoline.is_native()
    return make_native_call


def copier(make, dtype, *shapes, **options):
    extent = max([int(np.prod(shape)) for shape in shapes], default=1)
    specs = [(dtype, shape) for shape in shapes]
    kernel = copy_kernel(dtype, len(shapes), extent)
    single = options.pop("single", len(shapes) == 1)
    return make(specs, specs, kernel, NO_TABLE, 0, single, False, **options)


@pytest.mark.parametrize("dtype", list(LLVM_TYPES))
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (1, 2, 1)])
def test_values_shapes_and_dtypes(make, dtype, shape):
    array = (np.arange(6)[: int(np.prod(shape))] % 2).reshape(shape).astype(dtype)
    result = copier(make, dtype, shape)(array)
    assert type(result) is np.ndarray
    assert result.dtype == array.dtype
    assert result.shape == shape
    np.testing.assert_array_equal(result, array)
    assert result.flags.c_contiguous
    assert result.flags.owndata
    assert not np.shares_memory(result, array)


def test_several_results_are_a_tuple(make):
    call = copier(make, "float64", (2,), (2,))
    first, second = call(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    np.testing.assert_array_equal(first, [1.0, 2.0])
    np.testing.assert_array_equal(second, [3.0, 4.0])
    assert isinstance(copier(make, "float64", (2,), single=False)(first), tuple)


def test_no_arguments_and_no_results(make):
    assert copier(make, "float64", single=False)() == ()


def test_empty_arrays(make):
    kernel = executable.compile_kernel(PROLOGUE + "  ret i64 0\n}")
    spec = [("float32", (2, 0, 3))]
    call = make(spec, spec, kernel, NO_TABLE, 0, True, False)
    result = call(np.zeros((2, 0, 3), np.float32))
    assert result.shape == (2, 0, 3)
    assert result.dtype == np.float32


@pytest.mark.parametrize(
    "argument",
    [
        np.zeros((3, 2)),
        np.zeros(6),
        np.zeros((2, 3, 1)),
        np.zeros((2, 3), np.float32),
        np.zeros((2, 3), ">f8"),
        np.zeros((2, 3), np.int64),
        np.zeros((3, 2)).T,
        np.zeros((2, 6))[:, ::2],
        np.frombuffer(bytes(49), np.uint8)[1:].view(np.float64).reshape(2, 3),
        np.zeros((2, 3)).view(Subclass),
        [[0.0] * 3] * 2,
        0.0,
        None,
    ],
    ids=repr,
)
def test_guards(make, argument):
    call = copier(make, "float64", (2, 3))
    assert call(np.zeros((2, 3))) is not None
    assert call(argument) is None


def test_equal_dtypes_that_are_other_objects(make):
    array = np.arange(6.0).reshape(2, 3)
    unpickled = pickle.loads(pickle.dumps(array))
    annotated = array.view(np.dtype("f8", metadata={"unit": "m"}))
    call = copier(make, "float64", (2, 3))
    for other in (unpickled, annotated):
        assert other.dtype is not array.dtype
        np.testing.assert_array_equal(call(other), array)
    assert call(array.view(">f8")) is None
    whole = copier(make, "int64", (2,))
    assert whole(np.array([1, 2], np.longlong)) is None or np.dtype("q").num == (
        np.dtype("int64").num
    )


def test_number_of_arguments(make):
    call = copier(make, "float64", (2,), (2,))
    array = np.zeros(2)
    assert call(array) is None
    assert call(array, array, array) is None
    assert call() is None
    assert call(array, np.zeros(3)) is None


SCALARS = [
    ("float64", 2.5),
    ("float64", np.float64(2.5)),
    ("float32", np.float32(2.5)),
    ("int64", -7),
    ("int64", -(2**63)),
    ("int64", np.int64(2**62)),
    ("int16", np.int16(-3)),
    ("bool", True),
    ("bool", False),
    ("bool", np.True_),
    ("complex128", 1.5 - 2j),
    ("complex128", np.complex128(1.5 - 2j)),
    ("complex64", np.complex64(1.5 - 2j)),
]


@pytest.mark.parametrize(("dtype", "value"), SCALARS)
def test_scalar_arguments(make, dtype, value):
    result = copier(make, dtype, ())(value)
    assert type(result) is np.ndarray
    assert result.dtype == dtype
    assert result == value


@pytest.mark.parametrize(("dtype", "value"), SCALARS)
def test_scalar_results(make, dtype, value):
    result = copier(make, dtype, (), scalar_results=True)(value)
    assert type(result) is np.dtype(dtype).type
    assert result == value


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("float64", 1),
        ("float64", True),
        ("float64", np.float32(1)),
        ("float32", 1.0),
        ("int64", 1.0),
        ("int64", True),
        ("int64", 2**63),
        ("int64", -(2**63) - 1),
        ("int64", np.int32(1)),
        ("bool", 1),
        ("complex128", 1.0),
        ("float64", "1.0"),
    ],
)
def test_scalars_of_another_type(make, dtype, value):
    assert copier(make, dtype, ())(value) is None


@pytest.mark.parametrize("weak", [True, False])
def test_weak_arguments_are_python_scalars_only(make, weak):
    kernel = copy_kernel("float64", 1)
    spec = ArraySpec("float64", (), weak)
    call = make([spec], [spec], kernel, NO_TABLE, 0, True, False)
    assert (call(1.5) is not None) == weak
    assert (call(np.float64(1.5)) is None) == weak
    assert (call(np.array(1.5)) is None) == weak


def test_array_type(make):
    call = copier(make, "float64", (2,), array_type=Subclass)
    for argument in (np.array([1.0, 2.0]), np.array([1.0, 2.0]).view(Subclass)):
        result = call(argument)
        assert type(result) is Subclass
        np.testing.assert_array_equal(result, argument)


def test_status_is_returned(make):
    kernel = executable.compile_kernel(STATUS_KERNEL)
    spec = [("float64", (2,))]
    call = make(spec, spec * 2, kernel, NO_TABLE, 0, False, True)
    status = call(np.zeros(2))
    assert type(status) is int
    assert status == 7


def test_table_is_handed_over_and_kept_alive(make):
    kernel = executable.compile_kernel(TABLE_KERNEL)
    table = np.array([1, 2, 1234567890123], np.int64)
    call = make([], [("int64", ())], kernel, table, 0, True, False)
    del table
    gc.collect()
    np.empty(3, np.int64).fill(0)
    assert call() == 1234567890123


def test_wrong_table_and_single(make):
    kernel = copy_kernel("float64", 1)
    spec = [("float64", (1,))]
    with pytest.raises(TypeError, match="int64"):
        make(spec, spec, kernel, np.zeros(1), 0, True, False)
    with pytest.raises(ValueError, match="the kernel has 2"):
        make(spec, spec * 2, kernel, NO_TABLE, 0, True, False)


def test_threads_have_workspaces_of_their_own(make):
    kernel = executable.compile_kernel(WORKSPACE_KERNEL)
    spec_in, spec_out = [("int64", ())], [("int64", (2,))]
    call = make(spec_in, spec_out, kernel, NO_TABLE, 1000, True, True)
    results = {}
    start = threading.Barrier(4)

    def run(x):
        start.wait()
        results[x] = [call(x) for _ in range(3)]

    threads = [threading.Thread(target=run, args=(x,)) for x in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for x, arrays in results.items():
        for total, address in arrays:
            assert total == 2000001 * x
            assert address % 64 == 0


def workspace_call(nbytes):
    kernel = executable.compile_kernel(WORKSPACE_KERNEL)
    spec_in, spec_out = [("int64", ())], [("int64", (2,))]
    return make_native_call(spec_in, spec_out, kernel, NO_TABLE, nbytes, True, False)


def test_workspace_is_used_again_by_all_that_fit_in():
    small, large = workspace_call(1000), workspace_call(100_000)
    address = large(1)[1]
    assert small(1)[1] == address
    assert large(1)[1] == address
    assert trampoline._kept_workspace.value <= address
    trampoline.drop_workspace()
    assert trampoline._kept_workspace.value is None
    assert large(1)[0] == 2000001


def test_a_very_large_workspace_is_not_kept():
    too_large = layout.MOST_KEPT + 1
    assert workspace_call(too_large)(1)[0] == 2000001
    kept = trampoline._kept_workspace.value
    assert kept is None or ctypes.c_int64.from_address(kept).value < too_large


# Says that it runs, then waits for an answer, ``limit`` rounds at most.
WAITING_KERNEL = (
    PROLOGUE
    + """
  %started = load ptr, ptr %args
  %answer = getelementptr i64, ptr %started, i64 1
  %limit.at = getelementptr i64, ptr %started, i64 2
  %limit = load i64, ptr %limit.at
  %o = load ptr, ptr %outs
  store volatile i64 1, ptr %started
  br label %loop
loop:
  %i = phi i64 [0, %0], [%i.next, %again]
  %got = load volatile i64, ptr %answer
  %answered = icmp ne i64 %got, 0
  br i1 %answered, label %done, label %again
again:
  %i.next = add i64 %i, 1
  %more = icmp slt i64 %i.next, %limit
  br i1 %more, label %loop, label %done
done:
  store i64 %got, ptr %o
  ret i64 0
}
"""
)


@pytest.mark.parametrize(("release", "limit"), [(True, 2**34), (False, 10**7)])
def test_gil_is_released_only_when_asked(make, release, limit):
    kernel = executable.compile_kernel(WAITING_KERNEL)
    ins, outs = [("int64", (3,))], [("int64", ())]
    call = make(ins, outs, kernel, NO_TABLE, 0, True, release)
    memory = np.array([0, 0, limit])

    def answer():
        while not memory[0]:
            time.sleep(0)
        memory[1] = 1

    thread = threading.Thread(target=answer)
    thread.start()
    result = call(memory)
    thread.join()
    assert result == release


def test_no_reference_is_lost_or_kept():
    call = copier(make_native_call, "float64", (2,), (2,))
    scalar = copier(make_native_call, "float64", (), scalar_results=True)
    array, wrong = np.zeros(2), np.zeros(3)
    calls = {
        "right": lambda: call(array, array),
        "mismatch": lambda: call(array, wrong),
        "scalars": lambda: scalar(1.5),
    }
    kernel = executable.compile_kernel(STATUS_KERNEL)
    spec = [("float64", (2,))]
    failing = make_native_call(spec, spec, kernel, NO_TABLE, 64, True, False)
    calls["status"] = lambda: failing(array)
    for run in calls.values():
        watched = (array, wrong, None, np.ndarray, array.dtype, call, float)
        before = [sys.getrefcount(x) for x in watched]
        for _ in range(100):
            run()
        after = [sys.getrefcount(x) for x in watched]
        assert before == after


def test_result_has_one_reference():
    fresh = np.zeros(2)
    result = copier(make_native_call, "float64", (2,))(fresh)
    first, second = copier(make_native_call, "float64", (2,), (2,))(fresh, fresh)
    arrays = [fresh, result, first, second]
    del fresh, result, first, second
    assert len({sys.getrefcount(array) for array in arrays}) == 1


def test_memory_goes_with_the_function():
    def once():
        kernel = executable.compile_kernel(WORKSPACE_KERNEL_SHORT)
        table = np.zeros(100_000, np.int64)
        spec = [("int64", (2,))]
        call = make_native_call([], spec, kernel, table, 1_000_000, True, False)
        call()

    resource = pytest.importorskip("resource")
    for _ in range(20):
        once()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(300):
        once()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 100_000  # kilobytes; 300 leaks would be 540 000


WORKSPACE_KERNEL_SHORT = (
    PROLOGUE
    + """
  call void @llvm.memset.p0.i64(ptr %work, i8 1, i64 1000000, i1 false)
  ret i64 0
}
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
"""
)


def test_allocation_failure_raises():
    kernel = executable.compile_kernel(PROLOGUE + "  ret i64 0\n}")
    huge = [("float64", (1,)), ("float64", (2**45, 2**10))]
    call = make_native_call([], huge, kernel, NO_TABLE, 0, False, False)
    with pytest.raises(MemoryError):
        call()
    call = make_native_call([], huge[:1], kernel, NO_TABLE, 2**60, True, False)
    with pytest.raises(MemoryError):
        call()


def test_more_arrays_than_the_stack_should_hold():
    count = trampoline._MOST_ARRAYS // 2 + 1
    kernel = executable.compile_kernel(PROLOGUE + "  ret i64 0\n}")
    spec = [("float64", (1,))] * count
    call = make_native_call(spec, spec, kernel, NO_TABLE, 0, False, False)
    assert len(call(*[np.zeros(1)] * count)) == count


def test_most_arrays():
    spec = [("float64", (1,))] * (trampoline._MOST_ARRAYS // 2)
    kernel = executable.compile_kernel(PROLOGUE + "  ret i64 0\n}")
    call = make_native_call(spec, spec, kernel, NO_TABLE, 0, False, False)
    results = []
    thread = threading.Thread(
        target=lambda: results.append(call(*[np.zeros(1)] * len(spec)))
    )
    thread.start()
    thread.join()
    assert len(results[0]) == len(spec)


def test_layout_check_notices_a_difference(monkeypatch):
    for name in ("TYPE", "DATA", "RANK", "EXTENTS", "DESCRIPTOR", "ARRAY_FLAGS"):
        with monkeypatch.context() as patch:
            moved = getattr(trampoline.layout, name) + 8
            patch.setattr(trampoline.layout, name, moved)
            assert not trampoline._fields_match(np.zeros((3, 5)))
    assert trampoline._fields_match(np.zeros((3, 5)))
    assert trampoline._dtype_matches(np.dtype("float32"))
    monkeypatch.setattr(trampoline.layout, "DTYPE", 32)
    assert not trampoline._dtype_matches(np.dtype("float32"))


def test_function_is_builtin_not_ctypes():
    call = copier(make_native_call, "float64", (2,))
    assert type(call) is type(len)
    assert not isinstance(call, ctypes._CFuncPtr)
