"""The user's line is found behind frames of funcgrad, NumPy, SciPy and contextlib."""

import contextlib
import os.path
import pickle
import sys

import numpy as np
import pytest
import scipy

from funcgrad.core import source
from funcgrad.core.source import SourceLine, user_frame


def call_from(filename, function):
    """Call a function from a frame whose code claims to be in this file."""
    code = compile("def call(f):\n    return f()\n", filename, "exec")
    namespace = {}
    exec(code, namespace)
    return namespace["call"](function)


def here():
    return sys._getframe(1).f_lineno


def test_line_file_function_and_text():
    where, line = user_frame(), here()
    assert where.file == __file__
    assert where.line == line
    assert where.function == "test_line_file_function_and_text"
    assert where.text == "where, line = user_frame(), here()"


class TestMethod:
    def test_function_is_the_qualified_name(self):
        assert user_frame().function == "TestMethod.test_function_is_the_qualified_name"


@pytest.mark.parametrize(
    "folder",
    [os.path.dirname(os.path.dirname(source.__file__))]
    + [os.path.dirname(module.__file__) for module in (np, scipy)],
    ids=["funcgrad", "numpy", "scipy"],
)
def test_frames_of_libraries_are_skipped(folder):
    inside = os.path.join(folder, "some", "file.py")
    where = call_from(inside, user_frame)
    assert (where.file, where.function) == (__file__, "call_from")
    assert where.text == 'return namespace["call"](function)'


def test_several_internal_frames_are_skipped():
    inside = os.path.join(os.path.dirname(np.__file__), "file.py")
    code = compile("def outer(f):\n    return inner(f)\n", inside, "exec")
    namespace = {}
    exec(code, namespace)
    exec(compile("def inner(f):\n    return f()\n", inside, "exec"), namespace)
    where, line = namespace["outer"](user_frame), here()
    assert (where.file, where.line) == (__file__, line)


def test_a_folder_whose_name_only_begins_alike_is_the_users():
    folder = os.path.dirname(np.__file__) + "_extensions"
    filename = os.path.join(folder, "file.py")
    where = call_from(filename, user_frame)
    assert where == SourceLine(filename, 2, "call")
    assert where.text == ""


def test_context_managers_are_skipped():
    found = []

    @contextlib.contextmanager
    def manager():
        yield

    with contextlib.ExitStack() as stack:
        stack.callback(lambda: found.append(call_from(contextlib.__file__, user_frame)))
        stack.enter_context(manager())
    assert found[0].file == __file__


def test_none_where_every_frame_is_internal(monkeypatch):
    monkeypatch.setattr(source, "_is_internal", dict.fromkeys(all_filenames(), True))
    assert user_frame() is None


def all_filenames():
    frame = sys._getframe()
    while frame is not None:
        yield frame.f_code.co_filename
        frame = frame.f_back


def test_is_a_value():
    where = SourceLine("train.py", 12, "step")
    assert where == SourceLine("train.py", 12, "step")
    assert hash(where) == hash(SourceLine("train.py", 12, "step"))
    assert pickle.loads(pickle.dumps(where)) == where
    assert str(where) == "train.py:12 (step)"
