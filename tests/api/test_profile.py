"""fg.profile: time and memory by the user's line, results as they are without it."""

import numpy as np
import pytest

import funcgrad as fg
from funcgrad import lax


def light_and_heavy(x):
    y = x + 1.0
    z = np.tanh(np.sin(y) ** 2.3) ** 1.7  # heavy
    return np.sum(z * 2.0)


def product(w, x):
    h = x @ w  # heavy
    return np.mean(np.square(h))


def in_scan(w, x):
    def body(c, _):
        c = w @ c * 0.01  # heavy
        return c, np.sum(c)

    c, sums = lax.scan(body, x, None, length=20)
    return np.sum(c) + np.sum(sums)


def in_while(w, x):
    def body(state):
        k, c = state
        return k + 1, np.sin(w @ c)  # heavy

    return np.sum(lax.while_loop(lambda s: s[0] < 20, body, (0, x))[1])


def in_branch(w, x):
    def costly(x):
        return np.sum(np.sin(w @ x))  # heavy

    return lax.cond(x[0] > -1.0, costly, np.sum, x) + np.sum(x)


@fg.jit
def compiled_part(x):
    return np.cos(np.exp(np.sin(x) ** 1.3))  # heavy


def with_compiled_part(x):
    return np.sum(compiled_part(x + 1.0))


W = np.random.default_rng(0).normal(size=(200, 200)) * 0.1
X = np.random.default_rng(1).random(200)
LONG = np.linspace(0.0, 1.0, 20000)
CASES = [
    (light_and_heavy, (LONG,)),
    (product, (W, W)),
    (in_scan, (W, X)),
    (in_while, (W, X)),
    (in_branch, (W, X)),
    (with_compiled_part, (LONG,)),
]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("f", "args"), CASES)
def test_the_heavy_line_has_most_of_the_time(f, args, compiled):
    shown = fg.profile(fg.jit(f) if compiled else f)(*args)
    assert shown.rows[0].text.endswith("# heavy")
    assert shown.rows[0].share > 0.5
    np.testing.assert_array_equal(shown.result, fg.jit(f)(*args))


@pytest.mark.parametrize(("f", "args"), CASES)
def test_sums_agree(f, args):
    shown = fg.profile(f)(*args)
    assert sum(row.share for row in shown.rows) == pytest.approx(1.0)
    assert sum(row.seconds for row in shown.rows) == pytest.approx(shown.seconds)
    # The clocks differ by what 20 ms of comparing them leave.
    assert 0 < shown.seconds < 1.05 * shown.call_seconds
    for row in shown.rows:
        assert row.seconds == pytest.approx(row.forward + row.backward)
    assert shown.rows[-1].line == 0
    assert shown.rows[-1].share < 0.2


def test_sums_after_a_loop_count_for_the_line_of_their_products():
    def recurrent(w, xs):
        def step(h, x):
            return np.tanh(w @ h + x), None

        return np.sum(lax.scan(step, xs[0], xs)[0])

    shown = fg.profile(fg.grad(recurrent))(W[:60, :60], np.ones((50, 60)))
    inside = [row for row in shown.rows if row.file]
    assert all("recurrent" in row.function for row in inside)
    assert inside[0].text == "return np.tanh(w @ h + x), None"


@pytest.mark.parametrize(("f", "args"), [c for c in CASES if c[0] is not in_while])
def test_gradients_count_for_the_same_lines(f, args):
    gradient = fg.grad(f)
    shown = fg.profile(gradient)(*args)
    np.testing.assert_array_equal(shown.result, fg.jit(gradient)(*args))
    heavy = shown.rows[0]
    assert heavy.text.endswith("# heavy")
    assert heavy.backward > 0
    assert "backward" in str(shown)
    lines = [row.line for row in shown.rows]
    assert len(set(lines)) == len(lines)


def test_a_matrix_product_has_time_in_both_directions():
    def f(w):
        h = W @ np.tanh(w)
        return np.sum(h @ w)

    shown = fg.profile(fg.grad(f))(W)
    row = next(row for row in shown.rows if row.text == "h = W @ np.tanh(w)")
    assert row.forward > 0
    assert row.backward > 0


def test_nests_in_loops_are_counted_each_trip():
    shown = fg.profile(in_scan)(W, X)
    assert shown.rows[0].calls % 20 == 0
    assert shown.rows[0].calls >= 20


def test_a_loop_on_registers_is_shared_out_among_its_lines():
    def f(x):
        def body(_, c):
            a, b = c
            a = a + np.exp(np.sin(np.cos(b)))  # dear
            b = b * 0.5
            return a, b

        return lax.fori_loop(0, 1000, body, (x, x))

    shown = fg.profile(f)(1.0)
    assert shown.rows[0].text.endswith("# dear")
    assert shown.rows[0].calls == 1
    assert shown.result == fg.jit(f)(1.0)


def test_memory_belongs_to_the_line_that_needs_it():
    def f(w):
        y = w + 1.0
        return np.sum(np.tanh(y @ w))

    shown = fg.profile(f)(W)
    rows = {row.text: row for row in shown.rows}
    assert rows["y = w + 1.0"].nbytes == W.nbytes
    assert rows["return np.sum(np.tanh(y @ w))"].nbytes >= W.nbytes
    assert 2 * W.nbytes <= shown.peak_bytes < 3 * W.nbytes


def test_large_nests_on_threads():
    x = np.linspace(0.0, 1.0, 1 << 19)
    shown = fg.profile(light_and_heavy)(x)
    assert shown.rows[0].text.endswith("# heavy")
    np.testing.assert_array_equal(shown.result, fg.jit(light_and_heavy)(x))


def test_batches_and_trees_and_static_arguments():
    def f(params, x, power):
        return {"y": np.sum(params["a"] * x**power)}

    made = fg.jit(f, static_argnums=2)
    shown = fg.profile(made)({"a": X}, X, 3)
    np.testing.assert_allclose(shown.result["y"], np.sum(X**4))
    batch = fg.profile(fg.vmap(lambda x: np.sin(W @ x)))(W)
    np.testing.assert_allclose(batch.result, np.sin(W @ W.T).T)


def test_a_program_with_effects_runs_once():
    seen = []

    def f(x):
        fg.debug.callback(lambda x: seen.append(float(x)), x[0])
        return np.sum(x)

    assert fg.profile(f, runs=5)(X).result == pytest.approx(X.sum())
    assert len(seen) == 1


def test_shows_itself_as_text_page_and_data():
    shown = fg.profile(light_and_heavy)(LONG)
    text = str(shown)
    assert "test_profile.py:" in text
    assert "y = x + 1.0" in text
    assert repr(shown) == text
    assert "in the program" in text.splitlines()[-1]
    page = shown._repr_html_()
    assert page.count("<tr>") == len(shown.rows) + 1
    assert "np.sum(z * 2.0)" in page
    table = shown.table()
    assert [row["text"] for row in table] == [row.text for row in shown.rows]
    assert set(table[0]) >= {"line", "share", "seconds", "calls", "nbytes"}


def test_the_program_itself_reads_no_clock():
    before = fg.jit(light_and_heavy).lower(LONG).as_text("llvm")
    fg.profile(light_and_heavy)(LONG)
    after = fg.jit(light_and_heavy).lower(LONG).as_text("llvm")
    assert before == after
    assert "profile" not in after


def test_refuses_no_runs():
    with pytest.raises(ValueError, match="runs must be at least 1"):
        fg.profile(light_and_heavy, runs=0)
