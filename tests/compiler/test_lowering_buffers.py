"""Blocks of memory that live at one time never share it."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from funcgrad.compiler.lower.buffers import ALIGNMENT, Allocation, Lifetimes, plan


@st.composite
def blocks(draw):
    made = []
    for k in range(draw(st.integers(0, 30))):
        block = Allocation(
            f"%b{k}", draw(st.integers(0, 1000)), draw(st.integers(0, 20))
        )
        block.end = block.start + draw(st.integers(0, 20))
        made.append(block)
    return made


@given(blocks())
def test_live_blocks_do_not_overlap(made):
    offsets, total = plan(made)
    assert set(offsets) == set(made)
    for block in made:
        assert offsets[block] % ALIGNMENT == 0
        assert 0 <= offsets[block] <= offsets[block] + block.nbytes <= total
    for x, y in itertools.combinations(made, 2):
        if x.overlaps(y):
            apart = (
                offsets[x] + max(x.nbytes, 1) <= offsets[y]
                or offsets[y] + max(y.nbytes, 1) <= offsets[x]
            )
            assert apart, (x.name, y.name)


def test_blocks_that_follow_each_other_share_memory():
    made = [Allocation(f"%b{k}", 640, 2 * k) for k in range(10)]
    assert plan(made)[1] == 640


def test_a_block_used_in_a_loop_lives_until_its_end():
    lifetimes = Lifetimes()
    before = lifetimes.allocate("%before", 8)
    lifetimes.enter_loop()
    lifetimes.touch(before)
    lifetimes.tick()
    inside = lifetimes.allocate("%inside", 8)
    lifetimes.tick()
    later = lifetimes.allocate("%later", 8)
    lifetimes.leave_loop()
    assert before.overlaps(later)
    assert not inside.overlaps(later)


def test_what_an_equation_uses_lives_until_it_is_done():
    lifetimes = Lifetimes()
    with lifetimes.equation():
        first = lifetimes.allocate("%first", 8)
        lifetimes.tick()
        second = lifetimes.allocate("%second", 8)
    third = lifetimes.allocate("%third", 8)
    assert first.overlaps(second)
    assert not first.overlaps(third)
    assert not second.overlaps(third)


def test_equations_within_an_equation_keep_their_own():
    lifetimes = Lifetimes()
    with lifetimes.equation():
        with lifetimes.equation():
            first = lifetimes.allocate("%first", 8)
        with lifetimes.equation():
            second = lifetimes.allocate("%second", 8)
    assert not first.overlaps(second)
