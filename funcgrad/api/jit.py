"""jit: a function is traced once for each signature, compiled, and called as one."""

from __future__ import annotations

import functools
import importlib
import time
import types
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from funcgrad import errors, tree
from funcgrad.api.arguments import (
    FlatFunction,
    Names,
    Positions,
    leaf_labels,
    name_of,
)
from funcgrad.api.cache_misses import (
    explain,
    is_explained,
    note_compilation,
    note_trace,
)
from funcgrad.api.lowered import Lowered, Traced
from funcgrad.api.staging import aval_of
from funcgrad.api.static_arguments import StaticArguments, both_ways, check_static
from funcgrad.config import config, modes, watch
from funcgrad.core.aval import ShapedArray
from funcgrad.core.trace import Tracer, typeof
from funcgrad.deferred import deferred_module
from funcgrad.ops.control.call import (
    compiled,
    execute,
    execute_donating,
    jit_p,
    with_fastmath,
)
from funcgrad.settings import FASTMATH_EXPECTED, fastmath_flags
from funcgrad.transforms.stage import hoist_consts, stage

if TYPE_CHECKING:
    from funcgrad.api.recompiles import Recompile
    from funcgrad.compiler import program
else:
    program = deferred_module("funcgrad.compiler.program")


class CacheInfo(NamedTuple):
    """Counts of a jitted function's cache of traced programs."""

    hits: int
    misses: int
    maxsize: int | None
    currsize: int


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
        donated: tuple[tuple[int, ...], tuple[str, ...]] = ((), ()),
        fastmath: str | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._name = name_of(function)
        self._static = StaticArguments(function, static_argnums, static_argnames)
        self._inline = inline
        self._donated = donated
        self._donates = any(donated)
        self._fastmath = fastmath
        self._cache: dict[Any, Traced] = {}
        self._direct: Callable[..., Any] | None = None
        """The code of the last call; it answers None to arguments of other types."""
        self._directs: dict[Any, Callable[..., Any] | None] = {}
        """The same of calls with named or static arguments, by names and values."""
        self._misses = 0
        self._hits = 0
        every_function.add(self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._direct is not None and not kwargs and not modes.special:
            result = self._direct(*args)
            if result is not None and type(result) is not int:
                return result
        elif self._directs and not modes.special:
            result = self._call_directly(args, kwargs)
            if result is not None and type(result) is not int:
                return result
        return self._call(args, kwargs)

    def _call_directly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The way of an earlier call with these names and static values, or None."""
        names = tuple(kwargs)
        static: tuple[Any, ...] = ()
        if self._static:
            static, (args, kwargs) = self._static.split(args, kwargs)
        try:
            direct = self._directs.get((static, names))
        except TypeError:  # a static value that is not hashable: the long way tells
            return None
        return None if direct is None else direct(args, kwargs)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The general way: flatten, look the program up or trace it, run it."""
        if config.disable_jit:
            return self._function(*args, **kwargs)
        function, static, names = self._function, (), tuple(kwargs)
        donated: tuple[int, ...] = ()
        if self._donates:
            donated = self._donated_leaves(args, kwargs)
        if self._static:
            count = len(args)
            static, (args, kwargs) = self._static.split(args, kwargs)
            function = self._static.fix(static, count)
        leaves, in_tree = tree.flatten((args, kwargs))
        entry, event = self._find(function, static, args, kwargs, leaves, in_tree)
        operands = [*entry.consts, *leaves]
        if any(isinstance(x, Tracer) for x in operands):
            results = jit_p.bind(
                *operands, jaxpr=entry.jaxpr, name=self._name, inline=self._inline
            )
            return entry.out_tree.unflatten(results)
        if event is not None:
            note_compilation(event, functools.partial(compiled, entry.jaxpr))
        if donated:
            first = len(entry.consts)
            places = tuple([first + k for k in donated])
            results = execute_donating(entry.jaxpr, operands, places)
        else:
            results = execute(entry.jaxpr, operands)
            self._remember(entry, in_tree, (static, names))
        return entry.out_tree.unflatten(results)

    def _donated_leaves(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[int, ...]:
        """Places of the donated leaves among those of the arguments not static."""
        numbers, names = self._donated
        count = len(args)
        chosen = {n % count for n in numbers if -count <= n < count}
        flags = self.dynamic(
            tuple([k in chosen for k in range(count)]), {k: k in names for k in kwargs}
        )
        marks = tree.broadcast_prefix(flags, self.dynamic(args, kwargs))
        return tuple([k for k, mark in enumerate(marks) if mark])

    def _remember(self, entry: Traced, in_tree: Any, key: tuple[Any, Any]) -> None:
        """Let the next call with arguments of these types go straight to its code."""
        if not entry.is_reusable or modes.special:
            return
        plain = not any(key) and not self._static
        place = ("direct", config.fastmath)
        known = entry.jaxpr.memo.get(place)
        if known is None:
            arguments = in_tree.children()[0] if plain else in_tree
            known = entry.jaxpr.memo[place] = (entry.direct_call(arguments),)
        if plain:
            self._direct = known[0]
        else:
            self._directs[key] = known[0]

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
        if self._static:
            count = len(args)
            static, (args, kwargs) = self._static.split(args, kwargs)
            function = self._static.fix(static, count)
        return Lowered(self._name, *self._trace_call(function, args, kwargs))

    def dynamic(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """The arguments without those that are static: what the program is run on."""
        return self._static.split(args, kwargs)[1] if self._static else (args, kwargs)

    def trace(self, *args: Any, **kwargs: Any) -> Lowered:
        """As `lower`, which does no more than trace."""
        return self.lower(*args, **kwargs)

    def eval_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Shapes and dtypes of the result for these arguments."""
        return self.lower(*args, **kwargs).out_info

    @property
    def _numba_type_(self) -> Any:
        """What Numba asks for: it makes the function callable in ``@njit`` code."""
        # Numba is loaded by whoever asks.
        return importlib.import_module("funcgrad.interop.calls").numba_type(self)

    def programs(self) -> list[tuple[Any, Traced]]:
        """Keys and programs of the calls seen so far."""
        return list(self._cache.items())

    def traced_for(self, *args: Any) -> Traced:
        """The program for arguments of these types, traced now."""
        return self._trace_call(self._function, args, {})[0]

    def forget_ways(self) -> None:
        """Let the next calls look their code up again."""
        self._direct = None
        self._directs.clear()

    def clear_cache(self) -> None:
        """Forget all traced programs, and count anew."""
        self._cache.clear()
        self.forget_ways()
        self._hits = self._misses = 0

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
    ) -> tuple[Traced, Recompile | None]:
        """The program for a call, from the cache or traced now; the report of that."""
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
            return entry, None
        self._misses += 1
        labels = leaf_labels(function, args, kwargs)
        start = time.perf_counter()
        entry = self._trace(function, in_tree, avals, labels)
        event = None
        if is_explained():
            seconds = time.perf_counter() - start
            reason = explain(key, list(self._cache), labels)
            event = note_trace(self._name, reason, seconds)
        if entry.is_reusable:
            self._cache[key] = entry
        return entry, event

    def _trace_call(
        self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Traced, Any, list[ShapedArray]]:
        """The program for these arguments, their structure and their types."""
        leaves, in_tree = tree.flatten((args, kwargs))
        labels = leaf_labels(function, args, kwargs)
        avals = [aval_of(x, m, self._name) for x, m in zip(leaves, labels, strict=True)]
        return self._trace(function, in_tree, avals, labels), in_tree, avals

    def _trace(
        self, function: Any, in_tree: Any, avals: Sequence[ShapedArray], labels: Any
    ) -> Traced:
        flat = FlatFunction(function, in_tree)
        closed = stage(flat, avals, name=self._name, labels=labels)
        consts, jaxpr = hoist_consts(closed)
        # Code reads arrays row by row: others would be copied in every call.
        consts = [
            program.as_argument(c, v.aval) if isinstance(c, np.ndarray) else c
            for c, v in zip(consts, jaxpr.invars, strict=False)
        ]
        if self._fastmath is not None:
            jaxpr = with_fastmath(jaxpr, self._fastmath, self._name)
        reusable = not any(isinstance(c, Tracer) for c in consts)
        return Traced(jaxpr, consts, flat.out_tree, reusable)


every_function: weakref.WeakSet[JitFunction] = weakref.WeakSet()
"""All jitted functions there are."""


def _forget_ways(_: Any) -> None:
    for function in list(every_function):
        function.forget_ways()


watch("fastmath", _forget_ways)


def jit(
    fun: Callable[..., Any] | None = None,
    *,
    static_argnums: Positions = (),
    static_argnames: Names | None = None,
    donate_argnums: Positions = (),
    donate_argnames: Names | None = None,
    keep_unused: bool = False,
    inline: bool = False,
    fastmath: bool | str | Iterable[str] | None = None,
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
        Arguments that the caller does not use afterwards: their memory is overwritten,
        and holds a result of their type if there is one, which is then no new array.
        Arrays that are not writeable, or parts of others, are left as they are.
    keep_unused : bool
        Accepted as in JAX; arguments that the program does not read cost nothing.
    inline : bool
        Within another jitted function: its operations in place of a call.
    fastmath : bool or set of str, optional
        As Numba's: what arithmetic may do otherwise than NumPy's, for speed.
        ``False``: nothing. ``"contract"``: round ``a * b + c`` once. ``"arcp"``: divide
        by a product with the inverse. ``"reassoc"``: add and multiply in another order.
        ``"nnan"``, ``"ninf"``, ``"nsz"``: ignore NaN, infinities, the sign of zero.
        ``"afn"``: approximate. ``True``: all. It holds for derivatives, too, and where
        a function compiled otherwise calls this one. By default the caller's holds,
        and without one the setting ``fastmath``, which is False.

    Returns
    -------
    JitFunction
        Also has ``lower``, ``clear_cache`` and ``cache_info``. Without ``fun``, a
        decorator.

    Raises
    ------
    StaticArgumentError
        If a static argument is not hashable.
    ValueError
        If ``fastmath`` has a flag that does not exist.

    Examples
    --------
    >>> import funcgrad as fg
    >>> float(fg.jit(lambda x: 2.0 * x)(3.0))
    6.0
    """
    del keep_unused
    if fun is None:
        return functools.partial(
            jit,
            static_argnums=static_argnums,
            static_argnames=static_argnames,
            donate_argnums=donate_argnums,
            donate_argnames=donate_argnames,
            inline=inline,
            fastmath=fastmath,
        )
    flags = None if fastmath is None else fastmath_flags(fastmath)
    if flags is None and fastmath is not None:
        raise ValueError(f"fastmath is {fastmath!r}, expected {FASTMATH_EXPECTED}")
    numbers, names = both_ways(fun, static_argnums, static_argnames)
    if numbers or names:
        check_static(fun, numbers, names)
    donated = both_ways(fun, donate_argnums, donate_argnames)
    return JitFunction(fun, numbers, names, inline, donated, flags)
