"""A program traced for one signature: to look at, to compile, to call directly."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from funcgrad import errors
from funcgrad.api.direct_call import direct_call
from funcgrad.api.staging import struct_of
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import ClosedJaxpr, Jaxpr
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.deferred import deferred_module
from funcgrad.ops.control.call import compiled, execute

if TYPE_CHECKING:
    from funcgrad.compiler import pipeline
else:
    pipeline = deferred_module("funcgrad.compiler.pipeline")


class Traced(NamedTuple):
    """A program traced for one signature."""

    jaxpr: Jaxpr
    consts: list[Any]
    out_tree: Any
    is_reusable: bool
    """Whether it closes over no traced value, which would be stale in another call."""

    def direct_call(self, arguments: Any) -> Callable[..., Any] | None:
        """Native code that takes the user's arguments, of this structure, as they are.

        It answers None to other arguments; None itself where there can be no such call.
        """
        if any(isinstance(c, Tracer) for c in self.consts):
            return None
        program = compiled(self.jaxpr)
        is_flat = all(child.is_leaf for child in arguments.children())
        if is_flat and self.out_tree.is_leaf:
            call = program.specialized(single=True)
            return _checked(call, self.consts) if call is not None else None
        call = program.specialized(single=False)
        if call is None:
            return None
        return direct_call(call, tuple(self.consts), arguments, self.out_tree)


def _checked(call: Callable[..., Any], consts: list[Any]) -> Callable[..., Any]:
    return functools.partial(call, *consts) if consts else call


class Lowered:
    """A traced program that can be looked at and compiled."""

    def __init__(
        self,
        name: str,
        traced: Traced,
        in_tree: Any,
        avals: Sequence[ShapedArray],
    ) -> None:
        self._traced = traced
        self._avals = list(avals)
        self._name = name
        self.in_tree = in_tree
        self.out_tree = traced.out_tree

    @property
    def jaxpr(self) -> ClosedJaxpr:
        """The program as a closed jaxpr."""
        program, consts = self._traced.jaxpr, self._traced.consts
        count = len(consts)
        split = Jaxpr(
            program.invars[:count],
            program.invars[count:],
            program.eqns,
            program.outvars,
            program.effects,
        )
        return ClosedJaxpr(split, tuple(consts))

    @property
    def out_info(self) -> Any:
        """Shapes and dtypes of the result."""
        return self.out_tree.unflatten(
            [struct_of(aval) for aval in self._traced.jaxpr.out_avals]
        )

    def as_text(self, stage: str = "jaxpr") -> str:
        """The program as text, at one of the stages of compilation.

        Parameters
        ----------
        stage : str
            ``"jaxpr"``, as traced; ``"optimized"``, the jaxpr after simplification;
            ``"llvm"``, the loop nests as LLVM text; ``"llvm_optimized"``, after LLVM's
            passes; ``"asm"``, the machine code.

        Raises
        ------
        ValueError
            If there is no such stage.
        """
        return pipeline.stage_text(self._traced.jaxpr, stage)

    def lower(self) -> Lowered:
        """Itself: tracing and lowering are one step."""
        return self

    def compile(self) -> Compiled:
        """A callable for arguments of exactly these types."""
        return Compiled(self._name, self._traced, self.in_tree, self._avals)


class Compiled:
    """A compiled program; called with arguments of the types it was made for."""

    def __init__(
        self, name: str, traced: Traced, in_tree: Any, avals: Sequence[ShapedArray]
    ) -> None:
        self._name = name
        self._traced = traced
        self._avals = avals
        self.in_tree = in_tree
        self.out_tree = traced.out_tree

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves = self.in_tree.flatten_up_to((args, kwargs), "args")
        for leaf, aval in zip(leaves, self._avals, strict=True):
            if not typeof(leaf).same_type(aval):
                raise errors.ShapeError(
                    errors.message(
                        f"`{self._name}` is compiled for other types.",
                        where=user_frame(),
                        got=str(typeof(leaf)),
                        expected=str(aval),
                        fix="call the jitted function, which compiles for each type",
                        see=errors.ShapeError.page,
                    )
                )
        results = execute(self._traced.jaxpr, [*self._traced.consts, *leaves])
        return self.out_tree.unflatten(results)

    def as_text(self, stage: str = "optimized") -> str:
        """The program as text; the stages are those of `Lowered.as_text`."""
        return pipeline.stage_text(self._traced.jaxpr, stage)

    def memory_analysis(self) -> dict[str, int]:
        """Bytes of arguments, results, and scratch memory of a running call."""
        return compiled(self._traced.jaxpr).memory()
