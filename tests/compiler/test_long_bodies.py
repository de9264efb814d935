"""Long bodies of calls are compiled in less time, to code that gives the same bits."""

from __future__ import annotations

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.compiler.build import codegen, executable
from funcgrad.compiler.build.libraries import split_libraries
from funcgrad.compiler.build.long_bodies import LEAST_CALLS, is_mostly_calls


def chain(count, work=1):
    """A function of so many calls, each followed by other operations."""

    def program(x):
        y = x
        for k in range(count):
            y = (np.sin, np.tanh, np.arctan)[k % 3](y)
            for _ in range(work):
                y = y * x + (y - 0.3)
        return y

    return program


def decides(program, *args):
    text = fg.jit(program).lower(*args).as_text("llvm")
    return is_mostly_calls(split_libraries(text, executable.kernel_name).text)


X = np.linspace(-2.0, 2.0, 1003)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (chain(LEAST_CALLS + 1), True),
        (chain(4 * LEAST_CALLS), True),
        (fg.grad(lambda x: chain(2 * LEAST_CALLS, work=0)(x).sum()), True),
        (chain(LEAST_CALLS - 1), False),
        (chain(LEAST_CALLS + 1, work=8), False),
        # A loop of another kind beside the body.
        (lambda x: (chain(2 * LEAST_CALLS)(x), np.cumsum(x)), False),
        (lambda x: (chain(2 * LEAST_CALLS)(x), x[::3] * 0.1), False),
        (lambda x: x * x + 1.0, False),
    ],
)
def test_bodies_are_told_apart(program, expected):
    assert decides(program, X) is expected


def test_text_without_functions_and_of_functions_without_loops():
    assert not is_mostly_calls("")
    call = "  %x = call double @fg_a(double %y)\n"
    straight = f"define double @FG_KERNEL() {{\nentry:\n{call * 100}  ret void\n}}\n"
    assert not is_mostly_calls(straight)


def test_functions_count_where_they_are_called():
    call = "  %x = call double @fg_a(double %y)\n"
    add = "  %z = fadd double %x, %y\n"
    each = f"define double @each() {{\nentry:\n{add * 40}  ret void\n}}\n"
    more = "  %u = call double @each()\n"

    def program(body):
        loop = f"loop1:\n{body}  br i1 %c, label %loop1, label %done2\ndone2:\n"
        head = "define void @FG_KERNEL() {\nentry:\n  br label %loop1\n"
        return f"{each}{head}{loop}  ret void\n}}\n"

    assert is_mostly_calls(program(20 * call))
    assert is_mostly_calls(program(20 * call + 5 * more))
    assert not is_mostly_calls(program(20 * call + 7 * more))


@pytest.fixture
def quickly(monkeypatch):
    """Runs a function compiled by the other code generator, whatever it is."""

    def run(program, *args):
        with monkeypatch.context() as patch:
            patch.setenv("FUNCGRAD_CACHE", "0")
            patch.setattr(executable, "_addresses", {})
            asked: list[str] = []
            patch.setattr(
                codegen, "is_mostly_calls", lambda text: asked.append(text) or True
            )
            results = fg.jit(program)(*args)
        assert asked
        return results

    return run


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "c8", "c16"])
@pytest.mark.parametrize("size", [0, 1, 17, 1003])
def test_both_code_generators_give_the_same_bits(quickly, dtype, size):
    x = np.resize(X, size).astype(dtype)
    if size > 3:
        x[:4] = [np.nan, np.inf, -np.inf, -0.0]

    def program(x):
        y = chain(6)(x)
        return np.where(x == 0, y, -y), y.real > 0, (y * y).sum()

    for got, want in zip(quickly(program, x), fg.jit(program)(x), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "i4", "u4", "i8", "u8"])
def test_and_with_integers(quickly, dtype):
    x = (np.arange(101) % 7).astype(dtype)

    def program(x):
        large = x > 2
        return np.where(large, x, x ^ x), np.sqrt(x * 1.0), large.any(), x[::-2]

    for got, want in zip(quickly(program, x), fg.jit(program)(x), strict=True):
        np.testing.assert_array_equal(got, want)


def test_and_with_gradients_loops_products_and_threads(quickly):
    def loss(x, w):
        def step(h, row):
            h = np.tanh(h @ w) + row
            return h, h.sum()

        h, sums = fg.lax.scan(step, x[0], x)
        big = chain(20)(np.broadcast_to(h[0], (1000, 100)) * 1.0)
        return (h * sums.mean()).sum() + np.sort(h)[0] + big.mean()

    x = np.linspace(-1.0, 1.0, 20 * 18).reshape(20, 18)
    w = np.linspace(-0.1, 0.1, 18 * 18).reshape(18, 18)
    gradient = fg.grad(loss, argnums=(0, 1))
    for got, want in zip(quickly(gradient, x, w), fg.jit(gradient)(x, w), strict=True):
        np.testing.assert_array_equal(got, want)
