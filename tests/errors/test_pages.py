"""The pages of ``docs/errors``: each mistake raises its class, each cure runs."""

import pathlib
import re

import pytest

import funcgrad
from funcgrad import errors

PAGES = pathlib.Path(__file__).parents[2] / "docs" / "errors"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RAISES = re.compile(r"# raises (\w+)$", re.MULTILINE)


def names():
    return sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "README")


@pytest.fixture(autouse=True)
def settings():
    before = funcgrad.config.values()
    yield
    for name, value in before.items():
        funcgrad.config.update(name, value)


@pytest.mark.parametrize("name", names())
def test_code_does_what_the_page_says(name):
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    title = text.split("\n", 1)[0].removeprefix("# ")
    mistake, cures = text.split("\n## Cures\n")
    # Blocks of a page build on each other, as they do for a reader who types them in.
    namespace = {"__name__": name}
    for block in BLOCK.findall(mistake):
        assert RAISES.findall(block) == [title]
        with pytest.raises(getattr(errors, title)) as caught:
            exec(compile(block, f"{name}.md", "exec"), namespace)
        assert type(caught.value).__name__ == title
    for block in BLOCK.findall(cures):
        assert not RAISES.findall(block)
        exec(compile(block, f"{name}.md", "exec"), namespace)
