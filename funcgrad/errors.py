"""The kinds of mistake a user can make, one class each, and the template of messages.

Raised from every layer. Each class names its page in ``docs/errors``, which explains
the cause and shows every cure as code that runs.
"""

from typing import Any, ClassVar, Protocol

import numpy as np


class Location(Protocol):
    """A line of the user's program (``core.source.SourceLine`` is one)."""

    @property
    def file(self) -> str:
        """Path of the file."""

    @property
    def line(self) -> int:
        """Line number, from 1."""

    @property
    def function(self) -> str:
        """Name of the function that the line belongs to."""

    @property
    def text(self) -> str:
        """The line without its indentation; empty where there is no source."""


def message(
    problem: str,
    *,
    where: Location | None = None,
    got: str = "",
    expected: str = "",
    fix: str = "",
    see: str = "",
) -> str:
    """The text of an error: the problem, then one line for each fact that is known.

    Parameters
    ----------
    problem : str
        What is wrong, in one sentence, present tense.
    where : Location, optional
        The user's line.
    got, expected : str, optional
        What was found and what should have been: shapes, dtypes, key paths.
    fix : str, optional
        What to write instead. Each line of a longer text is aligned with the first.
    see : str, optional
        Name of a page in ``docs/errors``; left out, the class's own page is shown.

    Returns
    -------
    str

    Examples
    --------
    >>> print(message("the sizes differ.", got="3 and 4", expected="equal sizes"))
    the sizes differ.
      got:       3 and 4
      expected:  equal sizes
    """
    lines = [problem]
    if where is not None:
        place = f"{where.file}:{where.line}, in {where.function}"
        lines.append(f"  at {place}:   {where.text}" if where.text else f"  at {place}")
    page = f"docs/errors/{see}.md" if see else ""
    fields = {"got": got, "expected": expected, "fix": fix, "see": page}
    for name, text in fields.items():
        if text:
            label = f"{name}:"
            lines.append(f"  {label:<11}" + text.replace("\n", "\n" + " " * 13))
    return "\n".join(lines)


class FuncgradError(Exception):
    """Any mistake that funcgrad reports; catch this to catch them all.

    Parameters
    ----------
    text : str
        Usually made by `message`. The line that points to the class's page is added
        when the error is printed.

    Examples
    --------
    >>> print(ShapeError("the sizes differ."))
    the sizes differ.
      see:       docs/errors/shape.md
    """

    page: ClassVar[str] = "README"

    def __init__(self, text: str) -> None:
        super().__init__(text)

    def __str__(self) -> str:
        text = super().__str__()
        if "\n  see: " in text:
            return text
        return f"{text}\n  see:       docs/errors/{self.page}.md"


class ConcretizationTypeError(FuncgradError, TypeError):
    """A value is needed while only its shape and dtype are known.

    Cause: under ``jit`` (and inside ``scan``, ``cond``, ``while_loop``) arrays have no
    values yet. Example: ``jit(lambda x: np.nonzero(x))``, whose result has no known
    shape. Cure: mark the argument as static, take the number from a shape, or use the
    operation that works on arrays.
    """

    page = "concretization_type"


class TracerBoolConversionError(ConcretizationTypeError):
    """``if``, ``while``, ``and``, ``or``, ``not`` or ``bool()`` meets a traced value.

    Example: ``if x > 0`` in a function under ``jit``. Cure: ``where``, ``cond`` or
    ``while_loop``, or a static argument.
    """

    page = "tracer_bool_conversion"


class TracerIntegerConversionError(ConcretizationTypeError):
    """A Python integer is needed and a traced value is given.

    Example: ``range(n)`` or ``a_list[i]`` under ``jit``. Cure: ``fori_loop``, an array
    in place of the list, or a static argument.
    """

    page = "tracer_integer_conversion"


class TracerArrayConversionError(ConcretizationTypeError):
    """Code that needs the numbers in an array is given a traced value.

    Example: ``np.asarray(x)`` or ``x.tolist()`` under ``jit``. Cure: the function of
    ``funcgrad.numpy``, ``pure_callback``, or moving the call out of the function.
    """

    page = "tracer_array_conversion"


class UnexpectedTracerError(FuncgradError, TypeError):
    """A traced value is used after the transformation that made it has ended.

    Example: a function under ``jit`` appends to a list that lives outside. Cure:
    return the value instead of storing it.
    """

    page = "unexpected_tracer"


class NonConcreteBooleanIndexError(FuncgradError, IndexError):
    """A traced mask selects entries, so the result would have no known shape.

    Example: ``x[x > 0]`` under ``jit``. Cure: ``where``, a reduction with ``where=``,
    or ``nonzero`` with ``size=``.
    """

    page = "non_concrete_boolean_index"


class ShapeError(FuncgradError, ValueError):
    """The shapes of the operands do not fit the operation.

    Example: adding arrays of shapes ``(3,)`` and ``(4,)``. Cure: the message names both
    shapes; reshape, transpose or broadcast one of them.
    """

    page = "shape"


class AxisError(ShapeError, np.exceptions.AxisError):
    """An axis is named that the array does not have, or one is named twice.

    Example: ``sum(x, axis=2)`` of a matrix. Cure: axes run from ``-ndim`` to
    ``ndim - 1``. NumPy's ``AxisError`` is a base, so existing handlers work.
    """

    page = "axis"


class BatchSizeError(ShapeError):
    """The axes that ``vmap`` maps over do not fit together.

    Example: ``vmap(f)(x, y)`` with 3 rows in ``x`` and 4 in ``y``. Cure: ``in_axes``.
    """

    page = "batch_size"


class DTypeError(FuncgradError, TypeError):
    """The dtypes of the operands do not fit the operation.

    Example: ``x & y`` of floats. Cure: convert with ``astype``.
    """

    page = "dtype"


class UnsupportedDTypeError(DTypeError):
    """An array holds something that funcgrad does not compute with.

    Example: an array of strings, dates or Python objects. Cure: encode the data as
    numbers first.
    """

    page = "unsupported_dtype"


class IntegerOverflowError(FuncgradError, OverflowError):
    """A Python integer does not fit the dtype that it is combined with.

    Example: ``np.int8(1) + 300``. Cure: a wider dtype.
    """

    page = "integer_overflow"


class TreeError(FuncgradError, ValueError):
    """Two nested structures that should match do not.

    Example: ``tree.map(f, (1, 2), (1, 2, 3))``. Cure: the message names the place where
    they part and both structures.
    """

    page = "tree"


class TreeRegistrationError(TreeError, TypeError):
    """A class cannot be made a container in the way it is asked.

    Example: registering a class twice. Cure: register it once, where it is defined.
    """

    page = "tree_registration"


class GradientTypeError(FuncgradError, TypeError):
    """There is no gradient of this output, or with respect to this input.

    Example: ``grad`` of a function that returns a vector, or whose argument is an array
    of integers. Cure: reduce to a scalar, use ``jacobian``, convert to float.
    """

    page = "gradient_type"


class DifferentiationError(FuncgradError, NotImplementedError):
    """An operation without a derivative rule is differentiated.

    Example: ``grad`` through a function compiled by ``numba.njit``. Cure:
    ``custom_jvp``, ``custom_vjp`` or ``stop_gradient``.
    """

    page = "differentiation"


class CarryTypeError(FuncgradError, TypeError):
    """A loop's body returns a carry of another structure, shape or dtype than it takes.

    Example: ``scan`` from ``np.int64(0)`` whose body adds floats. Cure: start from
    ``0.0``.
    """

    page = "carry_type"


class BranchTypeError(FuncgradError, TypeError):
    """The branches of ``cond`` or ``switch`` return different types.

    Example: one returns ``x`` and the other ``(x, x)``. Cure: make both alike.
    """

    page = "branch_type"


class StaticArgumentError(FuncgradError, ValueError):
    """A static argument cannot be used as a key, or does not exist.

    Example: a list given for an argument in ``static_argnums``. Cure: a tuple.
    """

    page = "static_argument"


class NonFiniteError(FuncgradError, FloatingPointError):
    """A result is NaN or infinite while ``debug_nans`` or ``debug_infs`` is on.

    Example: ``log(-1.0)``. Cure: look at the operands the message shows.

    Attributes
    ----------
    operation : str
        The primitive that gave the result.
    operands : tuple
        What it was given.
    found : str
        ``"NaN"`` or ``"infinity"``.
    source : SourceLine or None
        The user's line.
    """

    page = "non_finite"
    operation: str = ""
    operands: tuple[Any, ...] = ()
    found: str = ""
    source: Any = None


class IndexOutOfBoundsError(FuncgradError, IndexError):
    """An index lies outside the array.

    Example: ``x[3]`` of three entries. Cure: a valid index, or ``mode="clip"`` or
    ``mode="fill"`` where that is meant.
    """

    page = "index_out_of_bounds"


class InPlaceUpdateError(FuncgradError, TypeError):
    """A traced array is assigned to, or NumPy is to write a traced value in place.

    Example: ``x[0] = 1.0`` under ``grad``. Cure: ``x = x.at[0].set(1.0)``.
    """

    page = "in_place_update"


class UnboundAxisNameError(FuncgradError, NameError):
    """A collective names an axis that no enclosing ``vmap`` has.

    Example: ``psum(x, "i")`` outside ``vmap(..., axis_name="i")``. Cure: name the axis.
    """

    page = "unbound_axis_name"


class ConfigError(FuncgradError, ValueError):
    """A setting does not exist or cannot have this value.

    Example: ``config.update("debug_nan", True)``. Cure: the message lists the settings.
    """

    page = "config"


class RealJaxError(FuncgradError, ImportError):
    """The stand-in for JAX is to be installed where JAX itself is imported already.

    Example: ``funcgrad.compat.jax.install()`` after ``import jax``. Cure: call it
    before other imports, or leave it out and use JAX.
    """

    page = "real_jax"


class PrimitiveDefinitionError(FuncgradError, TypeError):
    """A primitive lacks a rule that it needs, or its rules disagree.

    Example: a linear primitive without ``transpose``. Cure: write the rule.
    """

    page = "primitive_definition"


class JaxprError(FuncgradError, TypeError):
    """A jaxpr is not well formed: a variable out of scope, or types that disagree.

    Example: an equation made by hand whose output has the wrong shape. Cure: check the
    abstract evaluation of the primitive that the message names.
    """

    page = "jaxpr"


class CompilerError(FuncgradError, RuntimeError):
    """A program cannot be compiled, or compiled code cannot be loaded.

    Example: a damaged installation of Numba. Cure: ``disable_jit`` computes the same
    with NumPy; a program that fails to compile is a bug worth reporting.
    """

    page = "compiler"


class ExportError(FuncgradError, NotImplementedError):
    """A program has operations that an exported file cannot have.

    Example: a call back to Python. Cure: export the parts around those it lists.
    """

    page = "export"
