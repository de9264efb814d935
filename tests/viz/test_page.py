"""The interactive page in a real browser, where one is installed."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import funcgrad as fg

BROWSER = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])),
    None,
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no headless browser here")


def network(x, W):
    h = fg.named_call(lambda W, x: np.maximum(W @ x, 0.0), name="layer1")(W, x)
    return np.sum(h)


def opened(page, script, folder):
    """The page as the browser has it once a script has used it."""
    path = folder / "page.html"
    code = f"try {{ {script} }} catch (e) {{ document.title = 'failed: ' + e; }}"
    path.write_text(page.replace("</body>", f"<script>{code}</script></body>"))
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={folder}/user",
    ]
    command = [BROWSER, *flags, "--dump-dom", path.as_uri()]
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=True
    )
    assert "<title>failed" not in run.stdout
    assert "<title>Computation graph" in run.stdout
    return run.stdout


def after(page, script, folder):
    """What the page shows once a script has used it: its texts and step."""
    shown = opened(page, script, folder)
    step = re.search(r'<output id="step"[^>]*>([^<]*)', shown).group(1)
    return [html.unescape(t) for t in re.findall(r"<text[^>]*>([^<]*)", shown)], step


def reported(page, script, folder):
    """The values that a script hands to ``report``, as JSON in the page."""
    head = "const all = []; const report = x => { all.push(x); "
    head += "document.body.dataset.report = JSON.stringify(all); };"
    shown = opened(page, head + script, folder)
    return json.loads(html.unescape(re.search(r'data-report="([^"]*)"', shown)[1]))


@needs_browser
def test_page_shows_folds_and_steps(tmp_path):
    page = fg.graph(network)(np.ones(2), np.array([[1.0, 2.0], [-3.0, 1.0]])).html()
    texts, step = after(page, "", tmp_path)
    assert "▾ layer1" in texts
    assert "⚠ dead ReLU: 1 of 2" in texts
    assert "dL/dx = [1, 2]" in texts
    assert step == "both passes done"
    texts, _ = after(page, "document.getElementById('fold').click()", tmp_path)
    assert "▸ layer1" in texts
    assert "⚠ dead ReLU: 1 of 2" not in texts
    unfold = "document.getElementById('fold').click();"
    unfold += (
        "document.querySelector('.box.group').dispatchEvent(new MouseEvent('click'))"
    )
    assert "▾ layer1" in after(page, unfold, tmp_path)[0]
    first = "document.getElementById('first').click();"
    next_ = "document.getElementById('next').click();"
    assert after(page, first, tmp_path)[1] == "forward 1/5: x = f64[2] [1, 1]"
    assert after(page, first + next_ * 4, tmp_path)[1] == "forward 5/5: L = 3"
    assert after(page, first + next_ * 5, tmp_path)[1] == "backward 1/5: dL/dL = 1"


EVENTS = """
const svg = document.getElementById('picture');
const look = () => report(svg.getAttribute('viewBox').split(' ').map(Number));
const key = name => dispatchEvent(new KeyboardEvent('keydown', {key: name}));
const pointer = (target, type, x, y) => target.dispatchEvent(
  new PointerEvent(type, {clientX: x, clientY: y, bubbles: true}));
const box = title => [...document.querySelectorAll('.box')].find(
  e => e.querySelector('.title').textContent === title);
const step = () => report(document.getElementById('step').textContent);
"""


@pytest.fixture(scope="module")
def page():
    return fg.graph(network)(np.ones(2), np.array([[1.0, 2.0], [-3.0, 1.0]])).html()


@needs_browser
def test_zooms_about_the_pointer_and_drags(page, tmp_path):
    script = """
    look();
    const r = svg.getBoundingClientRect();
    const x = Math.floor(r.left + r.width / 4), y = Math.floor(r.top + r.height / 2);
    svg.dispatchEvent(new WheelEvent('wheel', {deltaY: -500 * Math.log(2),
      clientX: x, clientY: y, cancelable: true}));
    look();
    pointer(svg, 'pointerdown', 100, 100); pointer(svg, 'pointermove', 150, 80);
    pointer(svg, 'pointerup', 150, 80);
    look();
    key('-'); look(); key('+'); look();
    document.getElementById('fit').click(); look();
    report([r.width, r.height, (x - r.left) / r.width, (y - r.top) / r.height]);
    """
    looks = reported(page, EVENTS + script, tmp_path)
    start, near, dragged, out, back, fitted, (width, height, *at) = looks
    np.testing.assert_allclose(near[2:], np.divide(start[2:], 2), rtol=1e-5)
    # What is under the pointer stays there.
    under = [np.add(v[:2], np.multiply(v[2:], at)) for v in (start, near)]
    np.testing.assert_allclose(*under)
    assert dragged[0] == pytest.approx(near[0] - 50 * near[2] / width)
    assert dragged[1] == pytest.approx(near[1] + 20 * near[3] / height)
    assert out[2] == pytest.approx(1.25 * dragged[2])
    np.testing.assert_allclose(back, dragged)
    np.testing.assert_allclose(fitted[2:], start[2:])


@needs_browser
def test_hover_tells_values_and_lines(page, tmp_path):
    script = """
    const hover = document.getElementById('hover');
    report(hover.hidden);
    pointer(box('h'), 'pointermove', 50, 50);
    report(hover.hidden); report(hover.textContent);
    pointer(box('h'), 'pointerleave', 0, 0);
    report(hover.hidden);
    pointer(document.querySelector('.edge'), 'pointermove', 50, 50);
    report(hover.textContent);
    """
    before, shown, text, after_, edge = reported(page, EVENTS + script, tmp_path)
    assert (before, shown, after_) == (True, False, True)
    assert "np.maximum(W @ x, 0.0)" in text
    assert "dead ReLU" in text
    assert "dL/d" in edge


@needs_browser
def test_keys_step_through_both_passes(page, tmp_path):
    script = """
    const faint = () => report([...document.querySelectorAll('.box.later')].length);
    key('Home'); step(); faint();
    for (let k = 0; k < 4; k++) key('ArrowRight');
    step(); faint();
    key('ArrowRight'); step(); key('ArrowLeft'); step();
    key('End'); step(); key('ArrowRight'); step();
    """
    first, faint, last, none, back, again, done, start = reported(
        page, EVENTS + script, tmp_path
    )
    assert first.startswith("forward 1/5")
    assert faint == 4
    assert last == again == "forward 5/5: L = 3"
    assert none == 0
    assert back == "backward 1/5: dL/dL = 1"
    assert done == "both passes done"
    assert start == first


def dense(w, x):
    return np.tanh(w @ x)


@needs_browser
def test_plain_functions_fold_and_arrays_have_heat_maps(tmp_path):
    def f(x, w):
        return np.sum(dense(w, dense(w, x)))

    w = np.linspace(-1.0, 1.0, 36).reshape(6, 6)
    made = fg.graph(f)(np.array([0.0, 1.0, 2.0, np.nan, 1.0, 0.5]), w).html()
    script = """
    const titles = () => report([...document.querySelectorAll('.title')].map(
      e => e.textContent));
    titles();
    report(box('w').querySelectorAll('.cells').length);
    report(box('x').querySelectorAll('.cross').length);
    const frame = document.querySelector('.frame .title');
    frame.dispatchEvent(new MouseEvent('click'));
    titles();
    document.querySelector('.box.group').dispatchEvent(
      new KeyboardEvent('keydown', {key: 'Enter'}));
    titles();
    """
    start, shades, crosses, folded, again = reported(made, EVENTS + script, tmp_path)
    assert start.count("▾ dense") == 2
    assert (shades, crosses) == (9, 1)
    assert (folded.count("▾ dense"), folded.count("▸ dense")) == (1, 1)
    assert sorted(again) == sorted(start)


@needs_browser
def test_a_large_graph_opens_folded(tmp_path):
    def deep(x, w):
        for _ in range(5000):
            x = np.tanh(x * w)
        return x

    made = fg.graph(deep)(0.3, 0.7).html()
    texts, step = after(made, "", tmp_path)
    assert step == "both passes done"
    assert any(t.startswith("▸ ") for t in texts)
    assert len(texts) < 300
