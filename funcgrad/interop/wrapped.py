"""``@njit`` functions in traced code: Numba's functions -> ones of traced values."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.core.registry import CPUDispatcher
from numba.np.numpy_support import as_dtype, from_dtype
from numba.np.ufunc.dufunc import DUFunc

from funcgrad import errors, tree
from funcgrad.core.aval import ShapedArray
from funcgrad.core.source import user_frame
from funcgrad.core.trace import Tracer, typeof
from funcgrad.interop.calls import word_pointer
from funcgrad.ops.control.foreign import foreign_call_p

RAISED, OTHER_SHAPE = 1, 2


class NumbaCall:
    """A Numba function in one type of arguments, as `Foreign` asks for it."""

    def __init__(
        self,
        function: Any,
        avals: Sequence[ShapedArray],
        in_tree: Any,
        out_avals: Sequence[ShapedArray],
        out_tree: Any,
    ) -> None:
        self.function, self.name = function, function.__name__
        self.avals, self.in_tree = avals, in_tree
        self.out_avals, self.out_tree = out_avals, out_tree

    def evaluate(self, *operands: Any) -> Sequence[Any]:
        arrays = [
            np.ascontiguousarray(x, a.dtype) if a.shape else a.dtype.type(x)
            for x, a in zip(operands, self.avals, strict=True)
        ]
        results = self.function(*self.in_tree.unflatten(arrays))
        return tree.leaves(results)

    @functools.cached_property
    def _compiled(self) -> Any:
        scope: dict[str, Any] = {
            "np": np,
            "function": self.function,
            "carray": numba.carray,
        }
        source = self._source(scope)
        exec(compile(source, f"<call of {self.name}>", "exec"), scope)  # noqa: S102
        words = types.CPointer(types.int64)
        return numba.cfunc(types.int64(words, words))(scope["call"])

    def _source(self, scope: dict[str, Any]) -> str:
        lines = ["def call(operands, results):"]
        count, made = len(self.avals), len(self.out_avals)
        lines.append(f"    ins = carray(operands, {max(1, count)})")
        lines.append(f"    outs = carray(results, {max(1, made)})")
        names = []
        for k, aval in enumerate(self.avals):
            scope[f"at{k}"] = _typed_pointer(aval.dtype)
            shape = aval.shape or (1,)
            last = "" if aval.shape else "[0]"
            lines.append(f"    x{k} = carray(at{k}(ins[{k}]), {shape}){last}")
            names.append(f"x{k}")
        args = ", ".join(_text(a) for a in self.in_tree.unflatten(names))
        lines += ["    try:", f"        y = function({args})"]
        lines += ["    except Exception:", f"        return {RAISED}"]
        places = _places(self.out_tree)
        for k, (aval, place) in enumerate(zip(self.out_avals, places, strict=True)):
            scope[f"to{k}"] = _typed_pointer(aval.dtype)
            if aval.shape:
                lines += [
                    f"    if {place}.shape != {aval.shape}:",
                    f"        return {OTHER_SHAPE}",
                ]
            target = f"carray(to{k}(outs[{k}]), {aval.shape or (1,)})"
            lines.append(f"    {target}[...] = {place}")
        lines.append("    return 0")
        return "\n".join(lines) + "\n"

    def address(self) -> int:
        return int(self._compiled.address)

    def failure(self, status: int) -> Exception:
        if status == OTHER_SHAPE:
            wanted = ", ".join(map(str, self.out_avals))
            return errors.ShapeError(
                f"`{self.name}` gives results of other shapes than were said: {wanted}"
            )
        return RuntimeError(
            f"`{self.name}` raised an exception in compiled code, which keeps no more "
            "of it; call it with the same values outside of jit to see it"
        )


@functools.cache
def _typed_pointer(dtype: np.dtype[Any]) -> Any:
    """An intrinsic that takes an address for a pointer to entries of a dtype."""
    return word_pointer(from_dtype(dtype))


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + "".join(f"{_text(v)}, " for v in value) + ")"
    return str(value)


def _places(out_tree: Any) -> list[str]:
    """Expressions for the leaves of the result ``y``."""
    paths = tree.leaves_with_path(out_tree.unflatten(range(out_tree.num_leaves)))
    return ["y" + tree.keystr(path) for path, _ in paths]


def wrap_njit(function: Any, result: Any = None) -> Callable[..., Any]:
    """Make a function that Numba has compiled an operation of traced programs.

    In a compiled program it is called natively, without Python; `vmap` calls it once
    for each entry. It has no derivative of its own: give one by `custom_jvp` or
    `custom_vjp` around it.

    Parameters
    ----------
    function : numba dispatcher or ufunc
        Made by ``@njit`` or ``@vectorize``. Takes arrays, numbers and tuples of them,
        by position. It must not write to its arguments.
    result : tree of ShapeDtypeStruct, or callable, optional
        What it returns, or a function of the arguments (their shapes and dtypes) that
        gives that. Needed where it returns arrays; Numba knows the types of numbers,
        and ``@vectorize`` those of arrays.

    Returns
    -------
    callable

    Raises
    ------
    ShapeError
        If results have another shape than was said, or Numba can not tell it.

    Examples
    --------
    >>> import numba
    >>> import funcgrad as fg
    >>> @numba.njit
    ... def cube(x):
    ...     return x * x * x
    >>> @fg.custom_jvp
    ... def f(x):
    ...     return fg.wrap_njit(cube)(x)
    >>> @f.defjvp
    ... def rule(primals, tangents):
    ...     (x,), (t,) = primals, tangents
    ...     return f(x), 3.0 * x * x * t
    >>> print(fg.jit(fg.grad(f))(2.0))
    12.0
    """
    if isinstance(function, DUFunc):
        return functools.wraps(function)(functools.partial(_by_entries, function))
    if not isinstance(function, CPUDispatcher):
        raise errors.StaticArgumentError(
            errors.message(
                "wrap_njit takes a function that Numba compiles.",
                where=user_frame(),
                got=type(function).__name__,
                expected="a function made by numba.njit or numba.vectorize",
                see=errors.StaticArgumentError.page,
            )
        )

    @functools.wraps(function.py_func)
    def called(*args: Any) -> Any:
        leaves, in_tree = tree.flatten(args)
        if not any(isinstance(x, Tracer) for x in leaves):
            return function(*args)
        avals = tuple(typeof(x).strong() for x in leaves)
        out_avals, out_tree = _result_types(function, avals, in_tree, result, args)
        call = _call_for(function, avals, in_tree, out_avals, out_tree)
        values = foreign_call_p.bind(*leaves, function=call, out_avals=out_avals)
        return out_tree.unflatten(values)

    return called


@functools.cache
def _call_for(*key: Any) -> NumbaCall:
    return NumbaCall(*key)


def _by_entries(function: Any, *args: Any) -> Any:
    """A ``@vectorize`` function: entries of arrays of one shape, by a loop of ours."""
    if not any(isinstance(x, Tracer) for x in args):
        return function(*args)
    arrays = np.broadcast_arrays(*args)
    shape = typeof(arrays[0]).shape
    scalar = _applied(function, len(args))
    avals = tuple(ShapedArray((), typeof(x).dtype) for x in arrays)
    in_tree = tree.structure((0,) * len(args))
    (aval,), _ = _result_types(scalar, avals, in_tree, None, args)
    whole = ShapedArray(shape, aval.dtype)
    call = _call_for(
        scalar,
        tuple(typeof(x).strong() for x in arrays),
        in_tree,
        (whole,),
        tree.structure(0),
    )
    return foreign_call_p.bind(*arrays, function=call, out_avals=(whole,))[0]


@functools.cache
def _applied(function: Any, count: int) -> Any:
    names = ", ".join(f"x{i}" for i in range(count))
    scope = {"function": function}
    exec(f"def applied({names}):\n    return function({names})", scope)  # noqa: S102
    applied = scope["applied"]
    applied.__name__ = function.__name__
    return numba.njit(applied)


def _numba_types(avals: Sequence[ShapedArray]) -> list[Any]:
    return [
        types.Array(from_dtype(a.dtype), len(a.shape), "C")
        if a.shape
        else from_dtype(a.dtype)
        for a in avals
    ]


def _result_types(
    function: Any, avals: Any, in_tree: Any, result: Any, args: Any
) -> tuple[tuple[ShapedArray, ...], Any]:
    """Types of the results, as Numba infers them and the user says."""
    if callable(result):
        result = result(*tree.map(_struct, args))
    if result is not None:
        structs, out_tree = tree.flatten(result)
        return tuple(ShapedArray(tuple(s.shape), s.dtype) for s in structs), out_tree
    given = in_tree.unflatten(_numba_types(avals))
    signature = tuple(_as_numba(kind) for kind in given)
    inferred = numba.typeof(function).get_call_type(function.typingctx, signature, {})
    found = _without_numba(inferred.return_type)
    kinds, out_tree = tree.flatten(found, is_leaf=lambda x: isinstance(x, types.Type))
    if any(isinstance(kind, types.Array) for kind in kinds):
        raise errors.ShapeError(
            errors.message(
                f"`{function.__name__}` returns arrays; Numba knows no shapes.",
                where=user_frame(),
                got=", ".join(map(str, kinds)),
                expected="their shapes and dtypes",
                fix="wrap_njit(f, result=funcgrad.ShapeDtypeStruct(shape, dtype)), or "
                "result=lambda x: x where they are as an argument",
                see=errors.ShapeError.page,
            )
        )
    return tuple(ShapedArray((), np.dtype(as_dtype(kind))) for kind in kinds), out_tree


def _struct(x: Any) -> Any:
    aval = typeof(x)
    return ShapedArray(aval.shape, aval.dtype)


def _as_numba(kind: Any) -> Any:
    if isinstance(kind, tuple):
        return types.Tuple([_as_numba(k) for k in kind])
    return kind


def _without_numba(kind: Any) -> Any:
    if isinstance(kind, types.BaseTuple):
        return tuple(_without_numba(k) for k in kind.types)
    return kind
