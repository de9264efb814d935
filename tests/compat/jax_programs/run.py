"""Run programs written for JAX, on funcgrad or on JAX itself, and keep their results.

``python run.py funcgrad|jax MODULE FILE`` writes what each program of a module returns:
the leaves of its result as numbers, or the text of its error. With ``jax`` and a file in
``golden/`` it renews what the tests compare with.
"""

import importlib
import json
import pathlib
import sys
import traceback


def use(backend):
    if backend == "funcgrad":
        from funcgrad.compat import jax as stand_in

        stand_in.install()
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


def numbers(leaf):
    import numpy as np

    array = np.asarray(leaf)
    kind = {"i": "u"}.get(array.dtype.kind, array.dtype.kind)
    entries = [float(f"{x:.13g}") for x in array.ravel().astype(float)]
    return {"kind": kind, "shape": array.shape, "entries": entries}


def run(program, jax):
    try:
        return [numbers(leaf) for leaf in jax.tree.leaves(program())]
    except Exception:  # noqa: BLE001  # of any program, shown by its test
        return traceback.format_exc()


def main(backend, module, file):
    jax = use(backend)
    programs = importlib.import_module(module).PROGRAMS
    results = {name: run(program, jax) for name, program in programs.items()}
    lines = [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in results.items()]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    pathlib.Path(file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
