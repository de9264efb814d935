"""A bar around compiled loops: same results, and it ends where the loop does."""

from __future__ import annotations

import numpy as np
import pytest

import funcgrad as fg
from funcgrad.api.progress import TextBar
from funcgrad.errors import StaticArgumentError


class Recorded:
    """A bar that remembers."""

    made: list[Recorded]

    def __init__(self, total, desc):
        self.total, self.desc, self.done, self.closed = total, desc, 0, False
        Recorded.made.append(self)

    def update(self, n):
        assert n > 0
        self.done += n

    def close(self):
        self.closed = True


@pytest.fixture(autouse=True)
def bars():
    Recorded.made = []
    yield Recorded.made
    for bar in Recorded.made:
        assert bar.closed
        assert bar.done == bar.total


def step(carry, x):
    carry = 0.9 * carry + np.sin(x)
    return carry, 2.0 * carry


@pytest.mark.parametrize("n", [1, 7, 20, 97, 1000])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("jit", [fg.jit, lambda f: f], ids=["jit", "eager"])
def test_scan_with_a_bar_gives_what_scan_gives(n, reverse, jit, bars):
    loop = fg.progress(fg.lax.scan, "fit", bar=Recorded)
    xs = np.linspace(0.0, 3.0, n)
    expected = fg.lax.scan(step, 0.5, xs, reverse=reverse)
    carry, ys = jit(lambda xs: loop(step, 0.5, xs, reverse=reverse))(xs)
    np.testing.assert_allclose(carry, expected[0], rtol=1e-14)
    np.testing.assert_allclose(ys, expected[1], rtol=1e-14)
    assert [(bar.total, bar.desc) for bar in bars] == [(n, "fit")]


def test_no_trips_need_no_bar(bars):
    carry, ys = fg.progress(fg.lax.scan, bar=Recorded)(step, 0.5, np.zeros(0))
    assert (carry, ys.shape, bars) == (0.5, (0,), [])
    assert (
        fg.progress(fg.lax.fori_loop, bar=Recorded)(3, 3, lambda i, s: s + i, 1.0)
        == 1.0
    )


@pytest.mark.parametrize(("low", "high"), [(0, 100), (-5, 92), (3, 4)])
@pytest.mark.parametrize("traced", [False, True])
def test_fori_with_a_bar_gives_what_fori_gives(low, high, traced, bars):
    def run(loop, low, high):
        return loop(low, high, lambda i, s: 0.9 * s + i, 1.0)

    loop = fg.progress(fg.lax.fori_loop, bar=Recorded)
    expected = run(fg.lax.fori_loop, low, high)
    if traced:
        result = fg.jit(lambda a, b: run(loop, a, b))(low, high)
    else:
        result = fg.jit(lambda: run(loop, low, high))()
    np.testing.assert_allclose(result, expected, rtol=1e-14)
    assert [bar.total for bar in bars] == [high - low]


def test_it_is_differentiated_and_batched(bars):
    def last(loop, x):
        return loop(lambda s, _: (np.sin(s) + x, None), x, None, 50)[0]

    x = np.array([0.1, 0.7])
    loop = fg.progress(fg.lax.scan, bar=Recorded)
    expected = fg.vmap(fg.grad(lambda x: last(fg.lax.scan, x)))(x)
    result = fg.jit(fg.vmap(fg.grad(lambda x: last(loop, x))))(x)
    np.testing.assert_allclose(result, expected, rtol=1e-13)
    assert len(bars) == 1


def test_a_loop_that_failed_leaves_no_bar_behind(bars):
    loop = fg.progress(fg.lax.fori_loop, bar=Recorded)

    def failing(i, s):
        fg.debug.callback(lambda i: 1 // (60 - int(i)), i)
        return s

    with pytest.raises(ZeroDivisionError):
        loop(0, 100, failing, 0.0)
    assert not bars[0].closed
    assert loop(0, 100, lambda i, s: s + 1.0, 0.0) == 100.0
    assert bars[0].closed
    del bars[0]


def test_without_tqdm_a_line_of_text_is_written_over(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    loop = fg.progress(fg.lax.fori_loop, "count")
    assert loop(0, 10, lambda i, s: s + i, 0) == 45
    shown = capsys.readouterr().err
    assert "count: " + "#" * 30 + "-" * 0 in shown
    assert "100 %" in shown
    assert shown.endswith("\n")
    assert TextBar(0).total == 1


def test_by_default_tqdm_shows_it(capsys):
    pytest.importorskip("tqdm")
    fg.progress(fg.lax.fori_loop, "steps")(0, 10, lambda i, s: s + i, 0)
    assert "10/10" in capsys.readouterr().err


def test_other_functions_are_refused():
    with pytest.raises(StaticArgumentError, match=r"lax\.scan or"):
        fg.progress(fg.lax.while_loop)
