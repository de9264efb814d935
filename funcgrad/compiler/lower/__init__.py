"""Jaxprs to registers, buffers and loop nests, asking each primitive."""
