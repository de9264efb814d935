"""Checks on a mistake's report: its class, the user's line, and what stands in it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import pytest

from funcgrad.errors import FuncgradError


@contextlib.contextmanager
def reports(
    cls: type[FuncgradError], *parts: str, function: str = ""
) -> Iterator[None]:
    """The block raises exactly ``cls``; its text names this file and has the parts.

    ``function`` is the innermost function whose line is to be shown.
    """
    file = sys._getframe(2).f_code.co_filename
    with pytest.raises(cls) as caught:
        yield
    assert type(caught.value) is cls
    text = str(caught.value)
    assert f"\n  at {file}:" in text, text
    place = next(line for line in text.split("\n") if line.startswith("  at "))
    if function:
        assert f"{function}:   " in place, text
    for part in parts:
        assert part in text, text
    assert f"\n  see:       docs/errors/{caught.value.page}.md" in text
