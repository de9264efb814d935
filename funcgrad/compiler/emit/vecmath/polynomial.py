"""Polynomials and number formats: what the mathematical functions are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from funcgrad.compiler.emit.arithmetic import Arithmetic
from funcgrad.compiler.emit.value import Value


class Format(NamedTuple):
    """A floating-point format.

    Attributes
    ----------
    mantissa : int
        Bits of the mantissa that are stored.
    bias : int
        Of the exponent.
    magic : float
        Adding it rounds small numbers to integers, left in the low bits.
    magic_bits : int
        Bits of ``2.0**mantissa``; or-ing an integer into them gives their sum.
    ln2 : tuple of float
        log(2) as a short number, whose multiples by exponents are exact, and the rest.
    smallest_normal : float
        Below it numbers are subnormal.
    """

    mantissa: int
    bias: int
    magic: float
    magic_bits: int
    ln2: tuple[float, float]
    smallest_normal: float


_FORMATS = {
    8: Format(
        mantissa=52,
        bias=1023,
        magic=1.5 * 2.0**52,
        magic_bits=0x4330000000000000,
        ln2=(0.6931471803691238, 1.9082149292705877e-10),
        smallest_normal=2.0**-1022,
    ),
    4: Format(
        mantissa=23,
        bias=127,
        magic=1.5 * 2.0**23,
        magic_bits=0x4B000000,
        ln2=(0.693115234375, 3.1946184945309415e-05),
        smallest_normal=2.0**-126,
    ),
}


def format_of(x: Value) -> Format:
    """The format of the float ``x``."""
    return _FORMATS[x.dtype.itemsize]


def estrin(
    b: Arithmetic, x: Value, table: Mapping[int, Sequence[float]] | Sequence[float]
) -> Value:
    """The polynomial with coefficients ``table`` (lowest first) at ``x``.

    Pairs are combined in a tree, so that few multiplications wait for each other.
    """
    row = table[x.dtype.itemsize] if isinstance(table, Mapping) else table
    terms = [b.const(x.dtype, c, x.lanes) for c in row]
    power = x
    while len(terms) > 1:
        pairs = [
            b.fma(high, power, low)
            for low, high in zip(terms[::2], terms[1::2], strict=False)
        ]
        terms = pairs + terms[2 * len(pairs) :]
        if len(terms) > 1:
            power = b.mul(power, power)
    return terms[0]


def halves(b: Arithmetic, x: Value, row: Sequence[float]) -> Value:
    """The polynomial with coefficients ``row`` (lowest first) at ``x``.

    Even and odd powers apart by Horner's rule: hardly more instructions than his alone,
    half as many that wait for each other, and few registers.
    """
    square = b.mul(x, x)

    def horner(terms: Sequence[float]) -> Value:
        total = b.const(x.dtype, terms[-1], x.lanes)
        for c in terms[-2::-1]:
            total = b.fma(total, square, c)
        return total

    return b.fma(horner(row[1::2]), x, horner(row[::2]))


def clamp(b: Arithmetic, x: Value, low: float, high: float) -> Value:
    """``x`` brought into ``low .. high``; NaN stays."""
    x = b.select(b.cmp("gt", x, high), high, x)
    return b.select(b.cmp("lt", x, low), low, x)


def power_of_two(b: Arithmetic, exponent: Value, like: Value) -> Value:
    """``2**exponent`` for an integer whose low bits alone matter, as ``like``'s float.

    The exponent must be that of a normal number; junk above its bits is shifted out.
    """
    form = format_of(like)
    biased = b.shl(b.add(exponent, form.bias), form.mantissa)
    return b.bitcast(biased, like.dtype)
