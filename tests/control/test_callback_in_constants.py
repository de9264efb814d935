"""Effects of what does not depend on the arguments happen at each call."""

import funcgrad as fg


def test_a_loop_of_constants_prints_whenever_it_is_called(capsys):
    @fg.jit
    def f(x):
        def body(i, s):
            fg.debug.print("trip {i}", i=i)
            return s + i

        return x + fg.lax.fori_loop(0, 2, body, 0)

    for _ in range(3):
        assert f(1.0) == 2.0
    assert capsys.readouterr().out.split() == ["trip", "0", "trip", "1"] * 3


def test_without_effects_a_loop_of_constants_is_a_constant():
    jaxpr = fg.make_jaxpr(lambda x: x + fg.lax.fori_loop(0, 3, lambda i, s: s + i, 0))(
        1.0
    )
    assert [eqn.primitive.name for eqn in jaxpr.eqns] == ["add"]
