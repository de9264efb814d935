"""LLVM text to machine code, through memory and disk caches."""
