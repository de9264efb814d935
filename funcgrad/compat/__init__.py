"""Programs and libraries written for JAX or Autograd, run on funcgrad."""
