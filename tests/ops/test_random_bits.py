"""The Threefry hash against its published test vectors and known random bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from funcgrad import errors
from funcgrad.compiler.program import compile_jaxpr
from funcgrad.core.trace import typeof
from funcgrad.ops.random_bits import threefry2x32
from funcgrad.transforms.stage import stage, stage_flat


@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        # The known answers of the authors' Random123 library, 20 rounds.
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((2**32 - 1,) * 2, (2**32 - 1,) * 2, (0x1CB996FC, 0xBB002BE7)),
        (
            (0x13198A2E, 0x03707344),
            (0x243F6A88, 0x85A308D3),
            (0xC4923A9C, 0x483DF7A0),
        ),
    ],
)
def test_known_answers(key: Any, counter: Any, expected: Any) -> None:
    words = [np.uint32(v) for v in (*key, *counter)]
    assert tuple(map(int, threefry2x32(*words))) == expected


def test_native_code_gives_the_same_bits() -> None:
    rng = np.random.default_rng(0)
    key = rng.integers(0, 2**32, 2, np.uint32)
    counter = rng.integers(0, 2**32, (2, 100), np.uint32)
    jaxpr = stage_flat(
        lambda k, x: threefry2x32(k[0], k[1], x[0], x[1]),
        [typeof(key), typeof(counter)],
    )
    native = compile_jaxpr(jaxpr)(key, counter)
    evaluated = threefry2x32(key[0], key[1], counter[0], counter[1])
    np.testing.assert_array_equal(native, evaluated)


def test_words_of_another_dtype() -> None:
    with pytest.raises(errors.DTypeError, match="uint32"):
        stage(lambda x: threefry2x32(x, x, x, x), [typeof(np.zeros(3))])
