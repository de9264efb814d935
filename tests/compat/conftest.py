"""Programs that import JAX are run in processes of their own, never collected here."""

collect_ignore = ["jax_programs"]
