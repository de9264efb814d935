"""Exported Numba modules run without funcgrad, and give its numbers."""

from __future__ import annotations

import os
import pathlib
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import funcgrad as fg
from tests.export.programs import PROGRAMS

RUNNER = """
import importlib.util, pickle, sys

sys.modules["funcgrad"] = None
folder = sys.argv[1]
arguments = pickle.load(open(folder + "/arguments.pickle", "rb"))
answers = {}
for name, leaves in arguments.items():
    spec = importlib.util.spec_from_file_location(name, f"{folder}/{name}.py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        answers[name] = getattr(module, name)(*leaves)
    except Exception as failure:
        answers[name] = repr(failure)
pickle.dump(answers, open(folder + "/answers.pickle", "wb"))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("modules")
    arguments = {}
    for name, (function, args) in PROGRAMS.items():
        fg.export.numba_module(function, *args, path=folder / f"{name}.py", name=name)
        arguments[name] = fg.tree.leaves(args)
    (folder / "arguments.pickle").write_bytes(pickle.dumps(arguments))
    # Little to compute and much to compile: without LLVM's optimisations.
    settings = {**os.environ, "NUMBA_OPT": "0"}
    command = [sys.executable, "-c", RUNNER, str(folder)]
    subprocess.run(command, check=True, env=settings)
    found: dict[str, Any] = pickle.loads((folder / "answers.pickle").read_bytes())
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_module_gives_the_same_numbers(answers: dict[str, Any], name: str) -> None:
    function, args = PROGRAMS[name]
    got = answers[name]
    assert not isinstance(got, str), got
    expected = fg.tree.leaves(function(*args))
    results = got if isinstance(got, tuple) else (got,)
    for result, value in zip(results, expected, strict=True):
        value = np.asarray(value)
        tolerance = 1e-12 if value.dtype.itemsize == 8 else 1e-6
        assert np.shape(result) == value.shape
        if value.shape:
            assert result.dtype == value.dtype
        np.testing.assert_allclose(result, value, rtol=tolerance, atol=tolerance)


def norm(x: Any, shift: float) -> Any:
    doubled = 2.0 * x
    return np.sqrt(np.sum((doubled - shift) ** 2))


def test_a_module_names_what_the_user_named() -> None:
    text = fg.export.numba_module(fg.value_and_grad(norm), np.ones(3), 1.0)
    assert "def norm(x, shift):" in text
    assert "np.sqrt(np.sum((doubled - shift) ** 2))" in text
    assert "funcgrad" not in text


def test_a_module_refuses_other_shapes() -> None:
    module: dict[str, Any] = {}
    exec(fg.export.numba_module(norm, np.ones(3), 1.0), module)
    with pytest.raises(ValueError, match="x must have shape"):
        module["norm"](np.ones(4), 1.0)


def test_arguments_in_containers_have_names_of_their_places() -> None:
    def affine(params: Any, x: Any) -> Any:
        return {"y": params["w"] * x + params["b"]}

    text = fg.export.numba_module(affine, {"w": 2.0, "b": 1.0}, 3.0)
    module: dict[str, Any] = {}
    exec(text, module)
    assert "def affine(params_b, params_w, x):" in text
    assert "`params['w']`" in text
    assert module["affine"](1.0, 2.0, 3.0) == (7.0,)


def test_a_file_is_written(tmp_path: pathlib.Path) -> None:
    text = fg.export.numba_module(norm, np.ones(3), 1.0, path=tmp_path / "norm.py")
    assert (tmp_path / "norm.py").read_text() == text


def test_all_operations_without_source_are_listed() -> None:
    def f(x: Any) -> Any:
        return np.sort(x), np.fft.fft(x), x + 1

    with pytest.raises(fg.errors.ExportError, match="sort, fourier"):
        fg.export.numba_module(f, np.ones(3))
