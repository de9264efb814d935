"""The interactive page in a real browser, where one is installed."""

import html
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


def after(page, script, folder):
    """What the page contains once a script has used it: its texts and step."""
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
    step = re.search(r'<output id="step"[^>]*>([^<]*)', run.stdout).group(1)
    return [
        html.unescape(t) for t in re.findall(r"<text[^>]*>([^<]*)", run.stdout)
    ], step


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
