"""Writes the API reference from docstrings: public namespaces -> a page for each."""

from __future__ import annotations

import importlib
import inspect
import re
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from generated import write_folder
from reference_names import NAMESPACES, public_names
from sphinx.application import Sphinx
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import NumpyDocstring

PAGES = Path(__file__).parents[1] / "errors"
ADDRESS = re.compile(r"<[^<>]* at 0x[0-9a-f]+>")
FIRST_PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAPOLEON = Config(napoleon_use_rtype=False, napoleon_use_param=False)


def signature_of(value: Any) -> str:
    """The parameters as text, without types; empty where Python does not tell them.

    Defaults that are told by an address alone would differ with each build.
    """
    try:
        signature = inspect.signature(value)
    except (TypeError, ValueError):
        return "(*args, **kwargs)" if callable(value) else ""
    bare = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    empty = inspect.Signature.empty
    text = str(signature.replace(parameters=bare, return_annotation=empty))
    return ADDRESS.sub("...", text)


def indented(lines: Iterable[str], depth: int) -> list[str]:
    """The lines, moved to the right."""
    return [" " * depth + line if line else "" for line in lines]


def docstring_lines(value: Any) -> list[str]:
    """The docstring as reStructuredText."""
    text = inspect.cleandoc(getattr(value, "__doc__", None) or "")
    return NumpyDocstring(text, NAPOLEON).lines()


def method_lines(cls: type) -> Iterator[str]:
    """Directives for the public methods and properties that have a docstring."""
    for name, member in vars(cls).items():
        if name.startswith("_"):
            continue
        inner = (
            member.__func__
            if isinstance(member, (classmethod, staticmethod))
            else member
        )
        if isinstance(inner, property) and inner.__doc__:
            yield from ["", f".. py:property:: {name}", ""]
        elif inspect.isfunction(inner) and inner.__doc__:
            yield from ["", f".. py:method:: {name}{signature_of(inner)}", ""]
        else:
            continue
        yield from indented(docstring_lines(inner), 3)


def mistake_lines(error: type[BaseException]) -> list[str]:
    """The program of an error's page that makes the mistake, and where the page is."""
    name = getattr(error, "page", "README")
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    found = FIRST_PROGRAM.search(text)
    if found is None or name == "README":
        return []
    program = found[1].rstrip().split("\n")
    link = f"Cures: :doc:`/errors/{name}`."
    return ["", ".. code-block:: python", "", *indented(program, 3), "", link]


def entry(namespace: str, name: str, value: Any) -> list[str]:
    """The directive of one name."""
    if isinstance(value, type):
        kind = "exception" if issubclass(value, BaseException) else "class"
        plain = kind == "class" and not isinstance(value, types.GenericAlias)
        signature = signature_of(value) if plain else ""
    elif callable(value):
        kind, signature = "function", signature_of(value)
    else:
        kind, signature = "data", ""
    lines = [f".. py:{kind}:: {name}{signature}", f"   :module: {namespace}", ""]
    lines += indented(docstring_lines(value), 3)
    if kind == "exception":
        lines += indented(mistake_lines(value), 3)
    if isinstance(value, type):
        lines += indented(method_lines(value), 3)
    return [*lines, ""]


def page(namespace: str) -> str:
    """The page of one namespace."""
    module = importlib.import_module(namespace)
    body: list[str] = []
    for name in public_names(module):
        body += entry(namespace, name, getattr(module, name))
    return "\n".join(
        [
            namespace,
            "=" * len(namespace),
            "",
            *docstring_lines(module),
            "",
            f".. py:module:: {namespace}",
            "   :no-index:",
            "",
            *body,
        ]
    )


def index_page() -> str:
    """The page that lists the namespaces, with the first sentence of each."""
    lines = ["API reference", "=============", ""]
    lines += ["Every public name, from its docstring; the examples are tested.", ""]
    for namespace in NAMESPACES:
        first = docstring_lines(importlib.import_module(namespace))[0]
        lines += [f":doc:`{namespace}`", f"    {first}", ""]
    lines += [".. toctree::", "   :hidden:", ""]
    return "\n".join([*lines, *(f"   {namespace}" for namespace in NAMESPACES), ""])


def write_pages(app: Sphinx) -> None:
    """Write what changed; pages that stay the same are not read again."""
    wanted = {f"{namespace}.rst": page(namespace) for namespace in NAMESPACES}
    wanted["index.rst"] = index_page()
    write_folder(Path(app.srcdir) / "api", wanted)


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}
