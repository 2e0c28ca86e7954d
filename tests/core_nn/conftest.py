"""These tests compile hundreds of tiny programs, and run each of them once."""

import jax
import pytest


@pytest.fixture(autouse=True, scope="package")
def _compile_quickly():
    # Halves their time. It changes how fast a program is, and its last bits for both libraries.
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
