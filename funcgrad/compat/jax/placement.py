"""Settings under JAX's names, and what a program may say of the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from funcgrad import errors
from funcgrad.config import config


class Settings:
    """``jax.config``: funcgrad's settings, and what a program may say of the device."""

    _accepted: ClassVar[dict[str, Callable[[Any], bool]]] = {
        "jax_platforms": lambda value: value in (None, "", "cpu"),
        "jax_platform_name": lambda value: value in (None, "", "cpu"),
        "jax_threefry_partitionable": lambda value: value is True,
        "jax_default_matmul_precision": lambda value: True,
        "jax_traceback_filtering": lambda value: True,
        "jax_numpy_dtype_promotion": lambda value: value == "standard",
        "jax_numpy_rank_promotion": lambda value: value == "allow",
    }

    def update(self, name: str, value: Any) -> None:
        """Change a setting; one that funcgrad can not have raises ``ConfigError``."""
        accepts = self._accepted.get(name)
        if accepts is None:
            config.update(name, value)
        elif not accepts(value):
            raise errors.ConfigError(
                errors.message(
                    f"setting `{name}` cannot be {value!r} under funcgrad.",
                    got=repr(value),
                    fix="leave the setting out",
                )
            )

    def __getattr__(self, name: str) -> Any:
        return getattr(config, name)


settings = Settings()
