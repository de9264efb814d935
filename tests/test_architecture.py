"""What holds for the source as a whole: sizes, direction of imports, who knows whom."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import funcgrad.lax  # noqa: F401  # registers every primitive
from funcgrad.core.primitive import Primitive

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "funcgrad"
FILES = sorted(PACKAGE.rglob("*.py"))
ENGINE = [p for p in FILES if p.parent.name in {"transforms", "core"}]
COMPILER = [p for p in FILES if (PACKAGE / "compiler") in p.parents]
FORBIDDEN_STEMS = {"utils", "util", "helpers", "common", "misc", "base"}

# The tables through which Python's and NumPy's operators reach operations: their keys are
# names of methods and ufuncs, which primitives share.
OPERATOR_TABLES = {"tracer.py", "numpy_protocol.py", "array.py"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def own_imports(tree: ast.AST) -> Iterator[str]:
    """Modules of funcgrad that the nodes below import, as dotted names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module is not None
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (m for m in modules if m.split(".")[0] == "funcgrad")


def layers() -> dict[str, int]:
    """Rank of every top module; a module may import those of a higher rank."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = config["tool"]["importlinter"]["contracts"]
    return {
        module.strip(" ()"): rank
        for rank, layer in enumerate(contract["layers"])
        for module in layer.replace(":", "|").split("|")
    }


def top(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_are_short(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 400 or only_exports(parsed(path))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_modules_say_what_they_are(path):
    assert ast.get_docstring(parsed(path))
    assert path.stem not in FORBIDDEN_STEMS


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_point_one_way(path):
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own in {"__init__", "__main__"}:
        return
    ranks = layers()
    assert own in ranks, f"{own} is missing from the layers in pyproject.toml"
    for module in own_imports(parsed(path)):
        target = top(module)
        if target in {own, ""} or target not in ranks:
            continue
        assert ranks[target] > ranks[own], f"{name(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_own_modules_are_not_imported_inside_functions(path):
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            assert not list(own_imports(node)), f"{name(path)}:{node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_are_absolute(path):
    for node in ast.walk(parsed(path)):
        assert not (isinstance(node, ast.ImportFrom) and node.level)


def compared_strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """String constants that code compares with, or matches."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare | ast.MatchValue):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                    yield inner.lineno, inner.value


def identifiers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr


def primitive_names() -> set[str]:
    """All but `constant`, which is part of the language itself: it stages a value."""
    return {
        primitive.name
        for primitive in Primitive.registry.values()
        if not type(primitive).__module__.startswith("funcgrad.core.")
    }


def only_exports(tree: ast.Module) -> bool:
    """Whether a module is its docstring and imports: a list of public names.

    Some may be deferred: imports for type checkers, and what finds them at run time.
    """
    return all(
        isinstance(n, ast.Import | ast.ImportFrom)
        or (isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
        for n in tree.body[1:]
    )


def test_there_are_primitives():
    assert len(primitive_names()) > 50
    assert {"sin", "scan", "dot_general"} <= primitive_names()


@pytest.mark.parametrize("path", ENGINE + COMPILER, ids=name)
def test_engine_and_compiler_name_no_primitive(path):
    """Whoever needs to know which primitive it is asks the primitive."""
    known = {f"{primitive}_p" for primitive in primitive_names()}
    found = [(line, i) for line, i in identifiers(parsed(path)) if i in known]
    assert not found
    assert "ops" not in {top(module) for module in own_imports(parsed(path))}


@pytest.mark.parametrize(
    "path", [p for p in ENGINE if p.name not in OPERATOR_TABLES], ids=name
)
def test_engine_compares_with_no_primitives_name(path):
    known = primitive_names()
    compared = compared_strings(parsed(path))
    assert not [(line, text) for line, text in compared if text in known]
