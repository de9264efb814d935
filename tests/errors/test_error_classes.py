"""Error classes: their bases, pages and the template of messages."""

import inspect
import pathlib
import pickle

import numpy as np
import pytest

from funcgrad import errors
from funcgrad.core.source import SourceLine
from funcgrad.errors import FuncgradError, message

CLASSES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, FuncgradError) and cls is not FuncgradError
]
PAGES = pathlib.Path(__file__).parents[2] / "docs" / "errors"
# What NumPy, Python or JAX raise for the same mistake: existing handlers keep working.
BASES = {
    "AxisError": (np.exceptions.AxisError, ValueError, IndexError),
    "BatchSizeError": (ValueError,),
    "BranchTypeError": (TypeError,),
    "CarryTypeError": (TypeError,),
    "CompilerError": (RuntimeError,),
    "ConcretizationTypeError": (TypeError,),
    "ConfigError": (ValueError,),
    "DTypeError": (TypeError,),
    "DifferentiationError": (NotImplementedError,),
    "ExportError": (NotImplementedError,),
    "GradientTypeError": (TypeError,),
    "InPlaceUpdateError": (TypeError,),
    "IndexOutOfBoundsError": (IndexError,),
    "IntegerOverflowError": (OverflowError,),
    "JaxprError": (TypeError,),
    "NonConcreteBooleanIndexError": (IndexError,),
    "NonFiniteError": (FloatingPointError,),
    "RealJaxError": (ImportError,),
    "PrimitiveDefinitionError": (TypeError,),
    "ShapeError": (ValueError,),
    "StaticArgumentError": (ValueError,),
    "TracerArrayConversionError": (errors.ConcretizationTypeError,),
    "TracerBoolConversionError": (errors.ConcretizationTypeError,),
    "TracerIntegerConversionError": (errors.ConcretizationTypeError,),
    "TreeError": (ValueError,),
    "TreeRegistrationError": (errors.TreeError, TypeError),
    "UnboundAxisNameError": (NameError,),
    "UnexpectedTracerError": (TypeError,),
    "UnsupportedDTypeError": (errors.DTypeError,),
}


def test_bases_are_written_down_for_every_class():
    assert set(BASES) == {cls.__name__ for cls in CLASSES}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_class_keeps_the_handlers_of_its_builtin_working(cls):
    for base in BASES[cls.__name__]:
        with pytest.raises(base, match="problem"):
            raise cls("problem")


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_each_class_is_documented_in_code_and_on_its_own_page(cls):
    doc = inspect.getdoc(cls)
    assert "Example:" in doc
    assert "Cure:" in doc
    page = PAGES / f"{cls.page}.md"
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {cls.__name__}\n")
    assert text.count("```python") >= 2, "the mistake and one cure at least"


def test_pages_are_not_shared_and_none_is_left_over():
    names = [cls.page for cls in CLASSES]
    assert len(set(names)) == len(names)
    assert {path.stem for path in PAGES.glob("*.md")} == {*names, "README"}
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert all(f"({name}.md)" in index for name in names)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_page_is_shown_and_pickling_keeps_the_text(cls):
    error = cls("a problem.")
    assert str(error) == f"a problem.\n  see:       docs/errors/{cls.page}.md"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_message_with_every_field():
    text = message(
        "`if` needs a value, but `x > 0` is not known while `jit` traces `step`.",
        where=Where(),
        got="bool[]",
        expected="a Python bool",
        fix="where(x > 0, a, b)\ncond(x > 0, f, g, x)",
        see="tracer_bool_conversion",
    )
    assert text == (
        "`if` needs a value, but `x > 0` is not known while `jit` traces `step`.\n"
        "  at train.py:12, in step:   if x > 0:\n"
        "  got:       bool[]\n"
        "  expected:  a Python bool\n"
        "  fix:       where(x > 0, a, b)\n"
        "             cond(x > 0, f, g, x)\n"
        "  see:       docs/errors/tracer_bool_conversion.md"
    )


class Where:
    file, line, function, text = "train.py", 12, "step", "if x > 0:"


def test_message_shows_only_what_is_known():
    assert message("a problem.") == "a problem."
    assert message("a problem.", got="1") == "a problem.\n  got:       1"


def test_message_without_source_text():
    where = SourceLine("<no such file>", 3, "f")
    assert (
        message("a problem.", where=where) == "a problem.\n  at <no such file>:3, in f"
    )


def test_a_page_named_in_the_message_is_not_repeated():
    error = errors.ShapeError(message("a problem.", see="axis"))
    assert str(error) == "a problem.\n  see:       docs/errors/axis.md"
