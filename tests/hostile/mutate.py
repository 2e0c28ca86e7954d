"""Honest pickles, damaged at random: bytes changed, cut out, doubled, moved, mixed."""

import random
import struct
from collections import OrderedDict, namedtuple
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from pickle import dumps

INTERESTING = (
    b"\x95",
    b"\x93",
    b"R",
    b"b",
    b"\x81",
    b"\x92",
    b"\x94",
    b"0",
    b"1",
    b"2",
    b"(",
    b".",
    b"t",
    b"e",
    b"u",
    b"s",
    b"a",
    b"\x90",
    b"\x91",
    b"Q",
    b"\x97",
    b"\x98",
    b"o",
    b"h\x00",
    b"j\xff\xff\xff\xff",
    b"r\xff\xff\xff\xff",
    b"q\x00",
    b"I01\n",
    b"N",
    b"}",
    b"]",
    b")",
    b"\x8f",
    b"\x80\x05",
    b"cos\nsystem\n",
    b"\x8e" + struct.pack("<Q", 2**63),
    b"X\xff\xff\xff\x7f",
    b"\x8b\xff\xff\xff\xff",
    b"\x8a\x10" + b"\xff" * 16,
    b"\xff\xff\xff\xff",
    b"\x00\x00\x00\x00",
    b"\x7f",
    b"\x80",
    b"\x1b",
)

Point = namedtuple("Point", ["x", "y"])


def honest_values() -> list[object]:
    """What people pickle."""
    import jax.numpy as jnp
    import numpy as np

    shared = [1, 2]
    structured = np.zeros(2, [("a", "f4"), ("b", "i8", (2,))])
    return [
        {"a": [1, -2, 3.5, None, True], "b": ("x", b"y", 2**70, 1j), "c": {"d": {1, 2}}},
        {"weight": np.ones((3, 4), np.float32), "bias": np.zeros(3), "step": np.int64(3)},
        {"o": np.array([{"k": 1}, "x"], object), "s": structured, "t": np.array(["a", "bc"])},
        {"f": np.asfortranarray(np.ones((2, 3))), "d": np.array("2020", "M8[D]"), "z": np.array(1)},
        [jnp.ones((2, 2)), jnp.asarray(1.0), jnp.zeros((0, 3), jnp.bfloat16)],
        [OrderedDict(a=1), PurePosixPath("/x/y"), Point(1, 2), range(3), frozenset({1}), len],
        [shared, shared, partial(print, 1, sep="x"), slice(1, 2), Ellipsis, int],
    ]


def honest_pickles() -> list[bytes]:
    """The values in old and new protocols, and a model as people pickle it."""
    import cloudpickle
    import equinox
    import jax

    model = equinox.nn.MLP(2, 3, 4, 1, key=jax.random.key(0))
    plain = [dumps(value, protocol) for value in honest_values() for protocol in (0, 2, 4, 5)]
    return [*plain, cloudpickle.dumps(model), cloudpickle.dumps(lambda x: x * model.in_size)]


def mutants(originals: list[bytes], seed: int) -> Iterator[bytes]:
    """Damaged pickles without end, the same for the same seed."""
    rng = random.Random(seed)
    while True:
        data = bytearray(rng.choice(originals))
        for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
            _damage(data, rng, originals)
        yield bytes(data)


def _damage(data: bytearray, rng: random.Random, originals: list[bytes]) -> None:
    place = rng.randrange(len(data) + 1)
    other = min(len(data), place + rng.choice((1, 1, 2, 4, 8, 30, 200)))
    match rng.randrange(10):
        case 0:
            data[place:other] = rng.randbytes(other - place)
        case 1:
            data[place:other] = b""
        case 2:
            del data[place:]
        case 3:
            data[place:place] = data[place:other] * rng.choice((1, 1, 2, 50))
        case 4:
            data[place:place] = rng.choice(INTERESTING)
        case 5:
            word = rng.choice(INTERESTING)
            data[place : place + len(word)] = word
        case 6 if place < len(data):
            data[place] ^= 1 << rng.randrange(8)
        case 7 if place < len(data):
            data[place] = (data[place] + rng.choice((-1, 1))) % 256
        case 8:
            donor = rng.choice(originals)
            start = rng.randrange(len(donor))
            data[place:other] = donor[start : start + rng.choice((5, 40, 400))]
        case _:
            piece = bytes(data[place:other])
            del data[place:other]
            data[rng.randrange(len(data) + 1) :][:0] = piece
            data.extend(b".")
