"""Values to LLVM text: a builder with explicit vectors."""
