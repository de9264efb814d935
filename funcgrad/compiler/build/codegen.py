"""LLVM text to machine code and what lies between; loads when something compiles."""

from __future__ import annotations

import re
import threading
from typing import Any

from funcgrad.compiler.build import object_file
from funcgrad.compiler.build.host import (
    host,
    optimising_machine,
    portable_machine,
    quick_machine,
)
from funcgrad.compiler.build.image import Image
from funcgrad.compiler.build.linker import link
from funcgrad.compiler.build.long_bodies import is_mostly_calls
from funcgrad.errors import CompilerError

PLACEHOLDER = "@FG_KERNEL"
_DEFINITION = rf"(?m)^define .*{PLACEHOLDER}\b"

# Code generators serve one thread at a time.
_lock = threading.RLock()


def compiled(text: str, name: str) -> Image | tuple[list[str], bytes]:
    """A kernel's code: an image, or what it calls and an object file for LLVM.

    Parameters
    ----------
    text : str
        LLVM assembly, libraries taken out.
    name : str
        What its function `PLACEHOLDER` is called.
    """
    quick = is_mostly_calls(text)
    with _lock:
        module = _optimise(text, name, quick=quick)
        if not re.search(_DEFINITION, text):
            raise CompilerError(f"the text of a kernel does not define {PLACEHOLDER}")
        machine = quick_machine() if quick else optimising_machine()
        data = bytes(machine.emit_object(module))
    image = link(data, name)
    if image is not None:
        return image
    # LLVM itself adds calls that the text does not have, such as memcpy or fmod.
    is_elf = object_file.is_elf(data)
    externals = (
        object_file.ObjectFile(data).undefined() if is_elf else _declared(module)
    )
    return sorted(externals), data


def _declared(module: Any) -> set[str]:
    return {
        function.name
        for function in module.functions
        if function.is_declaration and not function.name.startswith("llvm.")
    }


def lower_to_ir(text: str, name: str = "kernel") -> str:
    """The text of a kernel after our passes, as LLVM assembly."""
    with _lock:
        return str(_optimise(text, name))


def to_assembly(text: str, name: str = "kernel") -> str:
    """The machine code of a kernel as the processor's assembly."""
    with _lock:
        module = _optimise(text, name)
        return str(optimising_machine().emit_assembly(module))


def object_code(text: str) -> bytes:
    """Object code of a whole module, position-independent, for other programs.

    Parameters
    ----------
    text : str
        LLVM assembly; its functions keep their names.
    """
    with _lock:
        module = _optimise(text, "unused")
        return bytes(portable_machine().emit_object(module))


def _optimise(text: str, name: str, *, quick: bool = False) -> Any:
    """The parsed module after our passes."""
    try:
        module = host().binding.parse_assembly(_named(text, name))
        module.triple = host().binding.get_process_triple()
        module.data_layout = str(optimising_machine().target_data)
        module.verify()
    except RuntimeError as error:
        raise CompilerError(f"the text of a kernel is not well formed: {error}") from (
            error
        )
    _run_passes(module, quick=quick)
    return module


def _named(text: str, name: str) -> str:
    return re.sub(re.escape(PLACEHOLDER) + r"\b", "@" + name, text)


def _run_passes(module: Any, *, quick: bool) -> None:
    """Clean up text that is vector code already: LLVM's own pipelines cost 4x more.

    ``quick``: of bodies of calls there is little to clean up.
    """
    options = host().binding.create_pipeline_tuning_options()
    builder = host().binding.create_pass_builder(optimising_machine(), options)
    passes = host().binding.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    if not quick:
        passes.add_sroa_pass()
        passes.add_simplify_cfg_pass()
        passes.add_instruction_combine_pass()
        passes.add_loop_rotate_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, builder)
