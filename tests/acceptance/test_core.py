"""Programs as users see them: their text, their lines, and their values."""

import numpy as np

import funcgrad as fg
import funcgrad.numpy as jnp
from funcgrad import core, lax

X = np.linspace(0.3, 2.1, 6)


def test_a_short_program_is_one_line() -> None:
    text = str(fg.make_jaxpr(lambda a: jnp.sin(a) + 1.0)(np.array(1.0)))
    expected = (
        "{ lambda ; a:f64[]. let b:f64[] = sin a; c:f64[] = add b 1.0:f64[] in (c,) }"
    )
    assert text == expected


def test_inner_programs_have_names_of_their_own() -> None:
    def sums(xs: np.ndarray) -> object:
        return lax.scan(lambda c, v: (c + v, c * v), 0.0, xs)

    assert str(fg.make_jaxpr(sums)(X)).splitlines() == [
        "{ lambda ; a:f64[6]. let",
        "    b:f64[] c:f64[6] = scan[",
        "      jaxpr={ lambda ; d:f64[] e:f64[]. let",
        "          f:f64[] = add d e",
        "          g:f64[] = mul d e",
        "        in (f, g) }",
        "      length=6",
        "      num_carry=1",
        "      num_consts=0",
        "      reverse=False",
        "      unroll=1",
        "    ] 0.0:f64[] a",
        "  in (b, c) }",
    ]


def test_a_compiled_function_shows_its_name_first() -> None:
    lines = str(fg.make_jaxpr(fg.jit(lambda a: a + 1))(X)).splitlines()
    inner = "jaxpr={ lambda ; c:f64[6]. let d:f64[6] = add c 1.0:f64[] in (d,) }"
    assert lines[2].strip() == "name=<lambda>"
    assert inner in [line.strip() for line in lines]


def test_lines_of_the_source_are_shown_on_demand() -> None:
    program = fg.make_jaxpr(lambda a: jnp.sin(a))(1.0)
    assert "test_core.py:" in program.pretty_print(source_info=True)
    assert "test_core.py:" not in program.pretty_print()


def test_programs_are_checked_and_run_by_public_names() -> None:
    program = fg.make_jaxpr(lambda a: jnp.sum(jnp.sin(a) * 2.0))(X)
    core.check_jaxpr(program.jaxpr)
    (result,) = core.eval_jaxpr(program.jaxpr, program.consts, X)
    np.testing.assert_allclose(result, np.sum(np.sin(X) * 2.0), rtol=1e-14)


def test_a_custom_batching_rule_is_a_public_name() -> None:
    double = fg.custom_vmap(lambda a: 2.0 * a)
    double.def_vmap(lambda size, batched, a: (a * 3.0, True))
    np.testing.assert_array_equal(double(X), 2.0 * X)
    np.testing.assert_array_equal(fg.vmap(double)(X), 3.0 * X)
