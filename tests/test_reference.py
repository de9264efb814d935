"""Every public name is described with an example, and every example runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from funcgrad.docstrings import entries

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS / "_ext"))
from reference_names import NAMESPACES, public_names  # noqa: E402

PAGES = DOCS / "errors"
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def described(namespace: str) -> list[tuple[str, Any]]:
    """The public names of a namespace that have documentation of their own."""
    module = importlib.import_module(namespace)
    return [(name, getattr(module, name)) for name in public_names(module)]


def has_page(value: Any) -> bool:
    """Whether an error has a page, whose programs ``tests/errors`` runs."""
    if not (isinstance(value, type) and issubclass(value, BaseException)):
        return False
    page = PAGES / f"{getattr(value, 'page', None)}.md"
    return page.exists() and "```python" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_name_has_a_summary_and_an_example(namespace):
    missing = [
        name
        for name, value in described(namespace)
        if ">>> " not in (inspect.getdoc(value) or "").partition("\n")[2]
        and not has_page(value)
    ]
    assert missing == []


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_examples_of_instances_give_what_they_say(namespace):
    # pytest collects those of functions and classes itself.
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=FLAGS)
    for name, value in described(namespace):
        if not isinstance(value, (types.FunctionType, type)):
            text = inspect.getdoc(value) or ""
            full = f"{namespace}.{name}"
            runner.run(parser.get_doctest(text, {}, full, None, None))
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize(
    "family", ["dtypes", "linalg", "numpy", "special", "stats", "ufuncs"]
)
def test_no_entry_is_left_without_its_name(family):
    homes = {
        "linalg": "funcgrad.numpy.linalg",
        "special": "funcgrad.scipy.special",
        "stats": "funcgrad.scipy.stats",
    }
    module = importlib.import_module(homes.get(family, "funcgrad.numpy"))
    texts = {inspect.getdoc(value) for value in vars(module).values()}
    unused = [
        name
        for name, entry in entries(family).items()
        if not any(text and entry[entry.index(">>>") :] in text for text in texts)
    ]
    assert unused == []
