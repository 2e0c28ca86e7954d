"""JAX runs strictly in every test: no silent dtype promotion, no silent rank promotion."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Textual trusts these two over the terminal it runs in, and pytest exports them.
for name in ("COLUMNS", "LINES"):
    os.environ.pop(name, None)

import jax  # noqa: E402  (it reads the environment when it is imported)

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")

import hypothesis  # noqa: E402

# No test is timed: on a busy machine a first example compiles for as long as it takes.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
