"""Backpropagation through the graph L = c (a + 2b): every number, then `grad`.

The graph has three operations, d = 2b, e = a + d, L = c e. Going backward, the
derivative at each edge is the local derivative times what came from the right;
`fg.grad` finds the same numbers from the function alone.
"""

from __future__ import annotations

import funcgrad as fg


def loss(a: float, b: float, c: float) -> float:
    """L(a, b, c) = c (a + 2b), as three operations."""
    d = 2.0 * b
    e = a + d
    return c * e


def backward_by_hand(a: float, b: float, c: float) -> dict[str, float]:
    """dL/d· of every node, by the chain rule from right to left."""
    d = 2.0 * b
    e = a + d
    dL_dL = 1.0
    dL_de = dL_dL * float(fg.grad(lambda e: c * e)(e))
    dL_dc = dL_dL * float(fg.grad(lambda c: c * e)(c))
    dL_da = dL_de * float(fg.grad(lambda a: a + d)(a))
    dL_dd = dL_de * float(fg.grad(lambda d: a + d)(d))
    dL_db = dL_dd * float(fg.grad(lambda b: 2.0 * b)(b))
    return {"L": dL_dL, "e": dL_de, "c": dL_dc, "a": dL_da, "d": dL_dd, "b": dL_db}


def main(a: float = 3.0, b: float = 1.0, c: float = -2.0) -> dict[str, float]:
    """Print both derivations.

    Returns
    -------
    dict of str to float
        ``L``, and ``dL/dx`` for every node x by hand, and ``grad/x`` for every input x.
    """
    value, grads = fg.value_and_grad(loss, argnums=(0, 1, 2))(a, b, c)
    by_hand = backward_by_hand(a, b, c)
    print(f"L({a:g}, {b:g}, {c:g}) = {float(value):g}")
    for node, derivative in by_hand.items():
        print(f"  dL/d{node} = {derivative:g}")
    print("fg.grad:", ", ".join(f"{float(g):g}" for g in grads))
    return (
        {"L": float(value)}
        | {f"dL/d{node}": derivative for node, derivative in by_hand.items()}
        | {f"grad/{name}": float(g) for name, g in zip("abc", grads, strict=True)}
    )


if __name__ == "__main__":
    main()
