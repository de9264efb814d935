"""Programs that import JAX or Autograd are run by tests, never collected here."""

collect_ignore = ["autograd_programs", "jax_programs"]
