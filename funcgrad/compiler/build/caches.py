"""How much the processor's caches hold."""

from __future__ import annotations

import functools
import itertools

_CACHES = "/sys/devices/system/cpu/cpu0/cache"


@functools.cache
def cache_bytes() -> int:
    """Size of the largest cache that a core reads through; a guess if unknown."""
    sizes = []
    for k in itertools.count():
        try:
            with open(f"{_CACHES}/index{k}/size", encoding="ascii") as file:
                sizes.append(int(file.read().strip().removesuffix("K")) << 10)
        except (OSError, ValueError):
            break
    return max(sizes, default=32 << 20)
