"""`GetKey`: a fresh random key at every call, for tests."""

import dataclasses
import os
import random

import jax
from jaxtyping import Array, UInt32

# So that a failure can be repeated: pytest shows the seed, and the variable sets it.
_seed = os.environ.get("EQX_GETKEY_SEED")
EQX_GETKEY_SEED: int | None = None if _seed is None else int(_seed)


@dataclasses.dataclass(init=False)
class GetKey:
    """A function that returns another PRNG key at each call, as a fixture for tests.

        @pytest.fixture
        def getkey():
            return GetKey()

    The seed is random, on purpose: every run tests another case. It is in the repr, which pytest
    shows when the test fails; set the environment variable `EQX_GETKEY_SEED` to use it again.
    """

    seed: int
    call: int
    key: UInt32[Array, "2"]

    def __init__(self, seed: int | None = EQX_GETKEY_SEED) -> None:
        self.seed = random.randint(0, 2**31 - 1) if seed is None else seed
        self.call = 0
        self.key = jax.random.PRNGKey(self.seed)

    def __call__(self) -> UInt32[Array, "2"]:
        """The next key."""
        self.call += 1
        return jax.random.fold_in(self.key, self.call)
