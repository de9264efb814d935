"""Programs that a process before has lowered: what tells them apart, and the recall."""

import os

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.compiler import program, records
from funcgrad.compiler.build import disk_cache, executable
from funcgrad.compiler.canonical import canonical_text
from funcgrad.compiler.donation import DonatingExecutable
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.config import override
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import Eqn, Jaxpr, Literal, Var
from funcgrad.ops.arithmetic import add_p, mul_p
from tests.compiler.processes import in_two_processes
from tests.compiler.rules import Rule

FLOAT = np.dtype(np.float64)
X = np.arange(12.0).reshape(3, 4)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCGRAD_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("FUNCGRAD_CACHE", "1")
    return tmp_path


def text_of(function, *args):
    return canonical_text(fg.make_jaxpr(function)(*args).jaxpr)


def of_one_literal(value, dtype=FLOAT):
    x = Var(ShapedArray((4,), FLOAT))
    y = Var(ShapedArray((4,), FLOAT))
    literal = Literal(value, ShapedArray((), dtype))
    return canonical_text(Jaxpr((), (x,), (Eqn(add_p, (x, literal), {}, (y,)),), (y,)))


def scan(unit):
    return lambda x: fg.lax.scan(lambda c, a: (c + unit * a, c), 0.0, x.ravel())[0]


DIFFERENT = {
    "operation": (lambda x: x + x, lambda x: x * x),
    "operands": (lambda x, y: x - y, lambda x, y: y - x),
    "results": (lambda x: (x, x + 1.0), lambda x: (x + 1.0, x)),
    "parameter": (lambda x: x.sum(0), lambda x: x.sum(1)),
    "constant": (lambda x: x * 3.25, lambda x: x * 3.5),
    "constant of an inner program": (scan(2.5), scan(2.25)),
    "dtype": (lambda x: x.astype("float32"), lambda x: x.astype("float16")),
    "branches": (
        lambda x: fg.lax.cond(x[0, 0] > 0, lambda: x + 1.0, lambda: x),
        lambda x: fg.lax.cond(x[0, 0] > 0, lambda: x, lambda: x + 1.0),
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_different_programs_have_different_texts(name):
    first, second = DIFFERENT[name]
    args = [X, 2 * X][: first.__code__.co_argcount]
    assert text_of(first, *args) != text_of(second, *args)


@pytest.mark.parametrize("name", DIFFERENT)
def test_a_program_traced_again_has_the_same_text(name):
    for function in DIFFERENT[name]:
        args = [X, 2 * X][: function.__code__.co_argcount]
        assert text_of(function, *args) == text_of(function, *args)


def test_types_of_arguments_tell_programs_apart():
    texts = {
        text_of(lambda x: x + x, x)
        for x in (X, X[:2], X.astype("f4"), X.astype("i8"), X.astype("f2"), 2.0)
    }
    assert len(texts) == 6


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (0.0, -0.0),
        (np.nan, -np.nan),
        (1.0, 1),
        (1.0, np.float64(1.0)),
        (np.float32(1.0), np.float64(1.0)),
        (0.1, np.nextafter(0.1, 1.0)),
    ],
)
def test_constants_are_told_apart_bit_by_bit(first, second):
    assert of_one_literal(first) != of_one_literal(second)


def test_weak_types_are_told_apart():
    x = ShapedArray((), FLOAT, weak_type=True)
    weak, strong = Var(x), Var(ShapedArray((), FLOAT))
    assert canonical_text(Jaxpr((), (weak,), (), (weak,))) != canonical_text(
        Jaxpr((), (strong,), (), (strong,))
    )


def test_arrays_and_functions_of_the_user_have_no_text():
    assert of_one_literal(np.ones(4)) is None
    assert of_one_literal(np.array(object())) is None
    called = text_of(lambda x: fg.pure_callback(np.sin, x, x), X)
    assert called is None


def test_primitives_of_others_have_no_text():
    x = Var(ShapedArray((4,), FLOAT))
    eqn = Eqn(Rule(lambda ctx, x: x), (x,), {}, (x,))
    assert canonical_text(Jaxpr((), (x,), (eqn,), (x,))) is None


def jaxpr_of(function, *args):
    return fg.make_jaxpr(function)(*args).jaxpr


PROGRAMS = {
    "entrywise": (lambda x: np.tanh(x) * 2.5, (X,)),
    "product": (lambda x: x @ x.T, (np.ones((20, 30)),)),
    "gradient": (fg.grad(lambda x: (np.sin(x) @ x.T).sum()), (X,)),
    "loop": (scan(1.5), (np.arange(100.0),)),
    "several results": (lambda x: (x.sum(), x.T, x > 3), (X,)),
    "sorted": (lambda x: fg.numpy.sort(x, axis=0), (X[::-1],)),
    "empty": (lambda x: x + 1.0, (np.zeros((0, 3)),)),
    "large": (lambda x: np.exp(x).sum(), (np.ones(1 << 20),)),
    "integers": (lambda x: (x // 3, x % 3), (np.arange(-5, 5),)),
}


def results_of(made, args):
    return [np.asarray(x).tobytes() for x in made(*args)]


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_recalled_and_computes_the_same(name, monkeypatch):
    function, args = PROGRAMS[name]
    args = [np.ascontiguousarray(x) for x in args]
    made = compile_jaxpr(jaxpr_of(function, *args))
    assert made.program.text

    # Nothing there to simplify or lower with.
    monkeypatch.setattr(program, "passes", None)
    monkeypatch.setattr(program, "pipeline", None)
    again = compile_jaxpr(jaxpr_of(function, *args))
    assert not again.program.text
    assert results_of(again, args) == results_of(made, args)
    assert again.memory() == made.memory()


def test_donated_arguments_are_part_of_the_key():
    x = np.ones((50, 50))
    jaxpr = jaxpr_of(lambda x, y: (x + y, x - y), x, x)
    plain = compile_jaxpr(jaxpr)
    for _ in range(2):
        donating = DonatingExecutable(jaxpr, (0,))
        first, second = x.copy(), 2 * x
        total, difference = donating(first, second)
        np.testing.assert_array_equal(total, 3 * x)
        np.testing.assert_array_equal(difference, -x)
        assert np.shares_memory(first, total) or np.shares_memory(first, difference)
    assert results_of(plain, (x, 2 * x)) == [(3 * x).tobytes(), (-x).tobytes()]


def test_programs_that_hold_more_than_sizes_are_lowered_each_time(own_cache):
    table = np.arange(40.0)
    functions = [
        lambda x: x + fg.numpy.asarray(table),  # an address of this process
        lambda x: fg.pure_callback(np.sin, x, x),
    ]
    for function in functions:
        closed = fg.make_jaxpr(function)(table)
        for _ in range(2):
            call = fg.jit(function)
            np.testing.assert_allclose(call(table), np.asarray(function(table)))
        assert closed.jaxpr.eqns


def test_errors_that_programs_raise_are_kept_with_them():
    with fg.check_index(True):
        for _ in range(2):
            fg.clear_caches()
            with pytest.raises(IndexError):
                fg.jit(lambda x, i: x[i])(np.arange(5.0), 7)


def test_damaged_and_missing_files(own_cache):
    function, args = PROGRAMS["product"]
    made = compile_jaxpr(jaxpr_of(function, *args))
    for kind in ("record", "kernel"):
        for path in own_cache.rglob(f"*.{kind}"):
            data = path.read_bytes()
            path.write_bytes(data[:-3])
        executable._addresses.pop(executable.kernel_name(made.program.text), None)
        again = compile_jaxpr(jaxpr_of(function, *args))
        assert again.program.text
        assert results_of(again, args) == results_of(made, args)
    assert not compile_jaxpr(jaxpr_of(function, *args)).program.text


def test_other_files_of_the_library_ask_for_another_record(monkeypatch):
    jaxpr = jaxpr_of(lambda x: x * 2.0, X)
    before = records.key_of(jaxpr, "")
    assert before == records.key_of(jaxpr, "")
    assert before != records.key_of(jaxpr, "overwrites")
    monkeypatch.setattr(records, "_own_files", lambda: "program.py 1 2")
    assert records.key_of(jaxpr, "") != before


def test_the_state_of_the_library_names_its_files():
    states = records._own_files()
    path = os.path.join("compiler", "records.py")
    status = os.stat(os.path.join(os.path.dirname(fg.__file__), path))
    assert f"compiler/records.py {status.st_size} {status.st_mtime_ns}" in states


def test_the_number_of_threads_is_part_of_the_key(monkeypatch):
    jaxpr = jaxpr_of(lambda x: x * 2.0, X)
    keys = set()
    for count in (1, 2):
        monkeypatch.setattr(records.pool, "workers", lambda count=count: count)
        keys.add(records.key_of(jaxpr, ""))
    assert len(keys) == 2


def test_switched_off(monkeypatch, own_cache):
    monkeypatch.setenv("FUNCGRAD_CACHE", "0")
    jaxpr = jaxpr_of(lambda x: x * 2.125, X)
    assert records.key_of(jaxpr, "") is None
    assert compile_jaxpr(jaxpr).program.text
    assert not list(own_cache.rglob("*.record"))


def test_records_are_evicted_with_the_kernels(own_cache):
    for k in range(5):
        key = disk_cache.make_key(str(k), ())
        disk_cache.record(key, bytes(100))
        disk_cache.store(key, bytes(100))
    disk_cache.evict(400)
    left = [*own_cache.rglob("*.record"), *own_cache.rglob("*.kernel")]
    assert sum(path.stat().st_size for path in left) <= 400


PROCESS = """
import sys
import numpy as np
import funcgrad as fg
x = np.ones((64, 32))
call = fg.jit(fg.grad(lambda x: (np.tanh(x) @ x.T).sum()))
print(call(x).sum().hex())
print(*[m for m in sys.modules if m.startswith("funcgrad.compiler.simplify.passes")])
fg.jit(lambda x: x + 1)(x)
print(call.lower(x).as_text("llvm").count("define"))
print(len(str(fg.profile(call)(x))) > 0)
"""


def test_a_second_process_lowers_nothing_until_it_is_asked_to():
    first, second = in_two_processes(PROCESS)
    assert first[1] == "funcgrad.compiler.simplify.passes"
    assert second[1] == ""
    assert [first[0], *first[2:]] == [second[0], *second[2:]]


def test_products_of_one_program_do_not_answer_for_another():
    x = np.arange(6.0)
    for unit in (1.5, 2.5):
        call = fg.jit(lambda x, unit=unit: mul_p.bind(x, np.float64(unit)))
        np.testing.assert_array_equal(call(x), unit * x)


def test_flags_of_arithmetic_are_part_of_the_key():
    jaxpr = jaxpr_of(lambda x: x * 2.0 + 1.0, X)
    exact = records.key_of(jaxpr, "")
    with override("fastmath", "fast"):
        assert records.key_of(jaxpr, "") != exact
