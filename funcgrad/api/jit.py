"""jit: a function is traced once for each signature, compiled, and called as one."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from funcgrad import errors, tree
from funcgrad.api.arguments import (
    FlatFunction,
    Names,
    Positions,
    as_names,
    as_positions,
    leaf_labels,
    name_of,
    positional_names,
)
from funcgrad.api.direct_call import direct_call
from funcgrad.api.staging import aval_of, struct_of
from funcgrad.compiler.pipeline import stage_text
from funcgrad.config import config, modes
from funcgrad.core.aval import ShapedArray
from funcgrad.core.jaxpr import ClosedJaxpr, Jaxpr
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.ops.control.call import compiled, execute, jit_p
from funcgrad.transforms.stage import hoist_consts, stage


class CacheInfo(NamedTuple):
    """Counts of a jitted function's cache of traced programs."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


class Entry(NamedTuple):
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


class JitFunction:
    """A function that runs compiled; made by `jit`.

    Attributes
    ----------
    __wrapped__ : callable
        The function as it was.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        static_argnums: tuple[int, ...],
        static_argnames: tuple[str, ...],
        inline: bool,
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._name = name_of(function)
        self._static_argnums = static_argnums
        self._static_argnames = static_argnames
        self._has_static = bool(static_argnums or static_argnames)
        self._inline = inline
        self._cache: dict[Any, Entry] = {}
        self._direct: Callable[..., Any] | None = None
        """The code of the last call; it answers None to arguments of other types."""
        self._misses = 0
        self._hits = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._direct is not None and not kwargs and not modes.special:
            result = self._direct(*args)
            if result is not None and type(result) is not int:
                return result
        return self._call(args, kwargs)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The general way: flatten, look the program up or trace it, run it."""
        if config.disable_jit:
            return self._function(*args, **kwargs)
        function, static = self._function, ()
        if self._has_static:
            function, static, args, kwargs = self._split_static(args, kwargs)
        leaves, in_tree = tree.flatten((args, kwargs))
        entry = self._find(function, static, args, kwargs, leaves, in_tree)
        operands = [*entry.consts, *leaves]
        if any(isinstance(x, Tracer) for x in operands):
            results = jit_p.bind(
                *operands, jaxpr=entry.jaxpr, name=self._name, inline=self._inline
            )
        else:
            results = execute(entry.jaxpr, operands)
            self._remember(entry, in_tree, kwargs)
        return entry.out_tree.unflatten(results)

    def _remember(self, entry: Entry, in_tree: Any, kwargs: dict[str, Any]) -> None:
        """Let the next call with arguments of these types go straight to its code."""
        if kwargs or self._has_static or not entry.is_reusable:
            return
        known = entry.jaxpr.memo.get("direct")
        if known is None:
            arguments = in_tree.children()[0]
            known = entry.jaxpr.memo["direct"] = (entry.direct_call(arguments),)
        self._direct = known[0]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<jitted {self._name}>"

    def lower(self, *args: Any, **kwargs: Any) -> Lowered:
        """The program for these arguments (or ``ShapeDtypeStruct``), not yet compiled.

        Returns
        -------
        Lowered
        """
        function = self._function
        if self._has_static:
            function, _, args, kwargs = self._split_static(args, kwargs)
        leaves, in_tree = tree.flatten((args, kwargs))
        labels = leaf_labels(function, args, kwargs)
        avals = [aval_of(x, m, self._name) for x, m in zip(leaves, labels, strict=True)]
        entry = self._trace(function, in_tree, avals, labels)
        return Lowered(self, entry, in_tree, avals)

    def trace(self, *args: Any, **kwargs: Any) -> Lowered:
        """As `lower`, which does no more than trace."""
        return self.lower(*args, **kwargs)

    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Shapes and dtypes of the result for these arguments."""
        return self.lower(*args, **kwargs).out_info

    def clear_cache(self) -> None:
        """Forget all traced programs."""
        self._cache.clear()

    def cache_info(self) -> CacheInfo:
        """Hits, misses and size of the cache of traced programs."""
        return CacheInfo(self._hits, self._misses, None, len(self._cache))

    def _find(
        self,
        function: Any,
        static: Any,
        args: Any,
        kwargs: Any,
        leaves: Sequence[Any],
        in_tree: Any,
    ) -> Entry:
        """The program for a call: from the cache, or traced now."""
        try:
            avals = [typeof(x) for x in leaves]
        except errors.FuncgradError:
            labels = leaf_labels(function, args, kwargs)
            avals = [
                aval_of(x, m, self._name) for x, m in zip(leaves, labels, strict=True)
            ]
        key = (in_tree, static, tuple(avals), config.trace_key)
        entry = self._cache.get(key)
        if entry is not None:
            self._hits += 1
            return entry
        self._misses += 1
        labels = leaf_labels(function, args, kwargs)
        entry = self._trace(function, in_tree, avals, labels)
        if entry.is_reusable:
            self._cache[key] = entry
        return entry

    def _trace(
        self, function: Any, in_tree: Any, avals: Sequence[ShapedArray], labels: Any
    ) -> Entry:
        flat = FlatFunction(function, in_tree)
        closed = stage(flat, avals, name=self._name, labels=labels)
        consts, jaxpr = hoist_consts(closed)
        reusable = not any(isinstance(c, Tracer) for c in consts)
        return Entry(jaxpr, consts, flat.out_tree, reusable)

    def _split_static(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Any, tuple[Any, ...], dict[str, Any]]:
        """The function with static arguments filled in, their key, and the others."""
        count = len(args)
        places = {n % count for n in self._static_argnums if -count <= n < count}
        names = [name for name in self._static_argnames if name in kwargs]
        fixed = {i: args[i] for i in sorted(places)}
        named = {name: kwargs[name] for name in names}
        free = tuple(arg for i, arg in enumerate(args) if i not in places)
        free_named = {k: v for k, v in kwargs.items() if k not in named}
        key = tuple(
            _static_key(self._name, place, value)
            for place, value in [*fixed.items(), *named.items()]
        )
        function = self._function

        @functools.wraps(function)
        def partial(*values: Any, **others: Any) -> Any:
            given = iter(values)
            full = [fixed[i] if i in fixed else next(given) for i in range(count)]
            return function(*full, **named, **others)

        partial.__dict__["__signature__"] = _signature_without(function, places)
        return partial, key, free, free_named


def _signature_without(function: Any, places: set[int]) -> Any:
    """A signature that names the arguments which stay, for messages."""
    names = positional_names(function)
    kept = [name for i, name in enumerate(names) if i not in places]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in kept])


def _static_key(name: str, place: Any, value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        label = place if isinstance(place, str) else f"argument {place}"
        raise errors.StaticArgumentError(
            errors.message(
                f"static {label} of `{name}` is not hashable, so it can not be a key.",
                where=user_frame(),
                got=type(value).__name__,
                expected="a hashable value: a number, string, tuple, frozen dataclass",
                fix="tuple(...) in place of a list, or leave it out of static_argnums",
                see=errors.StaticArgumentError.page,
            )
        ) from None
    return place, type(value), value


class Lowered:
    """A traced program that can be looked at and compiled."""

    def __init__(
        self,
        function: JitFunction,
        entry: Entry,
        in_tree: Any,
        avals: Sequence[ShapedArray],
    ) -> None:
        self._entry = entry
        self._avals = list(avals)
        self._name = function._name
        self.in_tree = in_tree
        self.out_tree = entry.out_tree

    @property
    def jaxpr(self) -> ClosedJaxpr:
        """The program as a closed jaxpr."""
        program, consts = self._entry.jaxpr, self._entry.consts
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
            [struct_of(aval) for aval in self._entry.jaxpr.out_avals]
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
        return stage_text(self._entry.jaxpr, stage)

    def lower(self) -> Lowered:
        """Itself: tracing and lowering are one step."""
        return self

    def compile(self) -> Compiled:
        """A callable for arguments of exactly these types."""
        return Compiled(self._name, self._entry, self.in_tree, self._avals)


class Compiled:
    """A compiled program; called with arguments of the types it was made for."""

    def __init__(
        self, name: str, entry: Entry, in_tree: Any, avals: Sequence[ShapedArray]
    ) -> None:
        self._name = name
        self._entry = entry
        self._avals = avals
        self.in_tree = in_tree
        self.out_tree = entry.out_tree

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
        results = execute(self._entry.jaxpr, [*self._entry.consts, *leaves])
        return self.out_tree.unflatten(results)

    def as_text(self, stage: str = "optimized") -> str:
        """The program as text; the stages are those of `Lowered.as_text`."""
        return stage_text(self._entry.jaxpr, stage)

    def memory_analysis(self) -> dict[str, int]:
        """Bytes of arguments, results, and scratch memory of a running call."""
        return compiled(self._entry.jaxpr).memory()


def jit(
    fun: Callable[..., Any] | None = None,
    *,
    static_argnums: Positions = (),
    static_argnames: Names | None = None,
    donate_argnums: Positions = (),
    donate_argnames: Names | None = None,
    keep_unused: bool = False,
    inline: bool = False,
) -> Any:
    """Compile a function to native code.

    It is traced once for each structure, shape and dtype of its arguments; later calls
    run the compiled program.

    Parameters
    ----------
    fun : callable
        Free of side effects; takes and returns arrays, numbers and containers of them.
    static_argnums, static_argnames : int, str, or sequences of them
        Arguments that are part of the program: hashable, and traced anew for each
        value. Where one is given, the other follows from the function's signature.
    donate_argnums, donate_argnames : int, str, or sequences of them
        Arguments that the caller does not use afterwards.
    keep_unused : bool
        Accepted as in JAX; arguments that the program does not read cost nothing.
    inline : bool
        Within another jitted function: its operations in place of a call.

    Returns
    -------
    JitFunction
        Also has ``lower``, ``clear_cache`` and ``cache_info``. Without ``fun``, a
        decorator.

    Raises
    ------
    StaticArgumentError
        If a static argument is not hashable.

    Examples
    --------
    >>> import funcgrad as fg
    >>> float(fg.jit(lambda x: 2.0 * x)(3.0))
    6.0
    """
    del donate_argnums, donate_argnames, keep_unused
    if fun is None:
        return functools.partial(
            jit,
            static_argnums=static_argnums,
            static_argnames=static_argnames,
            inline=inline,
        )
    numbers, names = as_positions(static_argnums), as_names(static_argnames)
    known = positional_names(fun)
    if static_argnames is None:
        names = tuple(known[n] for n in numbers if -len(known) <= n < len(known))
    elif not numbers:
        numbers = tuple(known.index(name) for name in names if name in known)
    return JitFunction(fun, numbers, names, inline)
