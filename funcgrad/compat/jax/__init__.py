"""A stand-in for JAX: libraries that import ``jax`` run on funcgrad, unchanged.

It is for libraries that are written for JAX alone. A program of your own imports
funcgrad instead. ``docs/compat.md`` says which libraries are tested, and what differs.

Examples
--------
>>> from funcgrad.compat import jax as stand_in
>>> stand_in.install()
>>> import jax
>>> float(jax.grad(jax.numpy.sin)(0.0))
1.0
>>> stand_in.uninstall()
"""

import sys

from funcgrad import errors
from funcgrad.compat.jax.array_behavior import behave_as_jax, behave_as_numpy
from funcgrad.compat.jax.namespace import FINDER, Namespace, loaded_modules

__all__ = ["install", "is_installed", "uninstall"]


def is_installed() -> bool:
    """Whether ``import jax`` gives the stand-in.

    Examples
    --------
    >>> is_installed()
    False
    """
    return FINDER in sys.meta_path


def install() -> None:
    """Let ``import jax`` give funcgrad, in this process, until `uninstall`.

    Call it before anything imports JAX. An installed JAX is left as it is, and not
    loaded. A second call changes nothing. Until `uninstall`, ``x += y`` gives a new
    array for arrays that funcgrad made, as JAX has it, and never writes into ``x``.

    Raises
    ------
    RealJaxError
        If JAX itself is imported already: modules that hold it would go on with it.

    Examples
    --------
    >>> install()
    >>> import jax.numpy as jnp
    >>> jnp.ones(2).at[0].set(5.0)
    Array([5., 1.])
    >>> uninstall()
    """
    if is_installed():
        return
    real = [m for m in loaded_modules().values() if not isinstance(m, Namespace)]
    if real:
        raise errors.RealJaxError(
            errors.message(
                "JAX is imported already, and nothing may take its place.",
                got=f"sys.modules['jax'], from {getattr(real[0], '__file__', '?')}",
                expected="a process that has not imported JAX yet",
                fix="call funcgrad.compat.jax.install() first, before other imports;\n"
                "or leave it out, and the libraries run on JAX",
                see=errors.RealJaxError.page,
            )
        )
    behave_as_jax()
    sys.meta_path.insert(0, FINDER)


def uninstall() -> None:
    """Let ``import jax`` give the installed JAX again, or none.

    Libraries that were imported in between hold the stand-in and go on with it; to use
    them with JAX itself, start another process.

    Examples
    --------
    >>> install()
    >>> uninstall()
    >>> is_installed()
    False
    """
    if not is_installed():
        return
    sys.meta_path.remove(FINDER)
    behave_as_numpy()
    for name in loaded_modules():
        del sys.modules[name]
