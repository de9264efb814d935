"""What is recorded agrees, what it misses is explained, and the pages say what it is."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from benchmarks import chart, record, summary
from benchmarks.record import Explanations, Run, stripped
from benchmarks.workloads import WORKLOADS

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS / "_ext"))
import performance_pages  # noqa: E402

RUNS = record.runs()
BY_STEM = pytest.mark.parametrize("run", RUNS, ids=[run.stem for run in RUNS])
EXPLANATIONS = Explanations.of((DOCS / "below_the_bars.md").read_text(encoding="utf-8"))


@BY_STEM
def test_every_missed_bar_is_explained(run):
    assert EXPLANATIONS.missing(run) == []


def test_every_explanation_names_a_workload():
    names = [w.name for w in WORKLOADS]
    names += [row["name"] for run in RUNS for row in run.rows]
    prefixes = [*EXPLANATIONS.slower, *EXPLANATIONS.memory]
    assert [p for p in prefixes if not any(n.startswith(p) for n in names)] == []


@BY_STEM
def test_recorded_results_agree(run):
    assert [row["name"] for row in run.rows if row["errors"] or not row["agrees"]] == []


def test_figures_of_the_readme_are_the_recorded_ones():
    text = summary.README.read_text(encoding="utf-8")
    assert summary.BEGIN in text
    assert summary.with_figures(text, RUNS[0]) == text


def row(name, ratio, bar, **more):
    return {
        "name": name,
        "median": {"funcgrad": 1e-3, "jax": ratio * 1e-3},
        "ratio": {"jax": ratio},
        "spread": {"jax": [ratio / 1.5, ratio * 1.25]},
        "bars": {"jax": bar},
        "met": ratio >= bar,
        "memory met": True,
        "peak bytes": {"funcgrad": 3 << 20, "jax": 2 << 20},
        "agrees": True,
        "errors": {},
    } | more


MACHINE = {"processor": "P", "cpus": 2, "platform": "Linux", "python": "3.11"}


@pytest.fixture
def run():
    rows = [
        row("attention: forward", 0.5, 1.0),
        row("RNN width 16: gradient, one step", 8.0, 10.0),
        row("Kalman 2x2: gradient, one step", 32.0, 10.0, **{"memory met": False}),
    ]
    return Run("float32-1-thread", MACHINE, {"funcgrad": "0.1", "jax": "0.10"}, rows)


def test_a_miss_without_a_text_is_found(run):
    known = Explanations.of(
        "### One\n\nSlower: `RNN`,\n`LSTM`\n\nMemory: `attention`\n"
    )
    assert known == Explanations(["RNN", "LSTM"], ["attention"])
    assert known.missing(run) == [
        "attention: forward (met)",
        "Kalman 2x2: gradient, one step (memory met)",
    ]


def test_summary_counts_and_averages(run):
    assert run.title == "float32, 1 thread"
    assert summary.bars_met([run])[-1] == (
        "| float32, 1 thread | 3 | 1 of 3 | 2 of 3 | 3 of 3 |"
    )
    assert summary.family_means(run)[-1] == "| loops | 16 (8 to 32) |"
    assert "JAX 16 times" in summary.loop_gradients(run)
    assert summary.below([run])[2:] == [
        "| attention: forward | JAX 0.5 (asked 1) |",
        "| RNN width 16: gradient, one step | JAX 8 (asked 10) |",
    ]
    assert summary.more_memory([run])[2:] == [
        "| Kalman 2x2: gradient, one step | 3.0 / 2.0 |"
    ]


def test_figures_are_written_between_the_marks(run):
    text = f"before\n{summary.BEGIN} old {summary.END}\nafter"
    first, *middle, last = summary.with_figures(text, run).splitlines()
    assert (first, last) == ("before", "after")
    assert "1 of 3 workloads reach" in "\n".join(middle)


def test_chart_shows_ratios_bars_and_ranges(run):
    picture = chart.svg(run.families(), "jax", "title & more")
    assert picture == chart.svg(run.families(), "jax", "title & more")
    assert "title &amp; more" in picture
    for family in ("learning", "loops"):
        assert f">{family}</text>" in picture
    starts = [float(x) for x in re.findall(r'<rect x="([\d.]+)"', picture)]
    widths = [float(x) for x in re.findall(r'width="([\d.]+)" height="11"', picture)]
    slower, level, faster = zip(starts, widths, strict=True)
    assert slower[0] + slower[1] == pytest.approx(level[0], abs=0.2)  # left of 1
    assert faster[1] / level[1] == pytest.approx(5 / 3, rel=0.01)  # log 32 / log 8
    assert picture.count(chart.COLOURS[False]) == 2
    assert "torch" not in chart.svg(run.families(), "torch", "title").split("<rect")[2:]


def test_records_are_small_and_keep_what_is_shown(run):
    full = row("loop", 1.23456789, 1.0, seconds={"jax": [1.0, 2.0]})
    (kept,) = stripped({"rows": [full]})["rows"]
    assert kept["ratio"] == {"jax": 1.235}
    assert "seconds" not in kept
    assert kept["met"] is True


def test_pages_show_every_run():
    pages = performance_pages.pages()
    for run in RUNS:
        assert pages[f"{run.stem}.md"].count("\n| ") > len(run.rows)
        assert f"{run.stem}-jax.svg" in pages
    included = re.findall(
        r"\{include\} performance/(\S+)", (DOCS / "performance.md").read_text()
    )
    assert set(included) == {name for name in pages if name.endswith(".inc")}
