"""The operations: primitives by family, with all their rules."""
