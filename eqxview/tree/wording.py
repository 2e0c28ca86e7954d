"""How sizes, counts and array types are written, the same everywhere: `f32w[5,3]`, `1.5 KB`."""

import re
from functools import lru_cache

_LETTERS = {"int": "i", "uint": "u", "float": "f", "complex": "c"}
_SIZED = re.compile(r"(int|uint|float|complex)(\d+)(_?[a-z].*)?\Z")


def short_dtype(dtype: str) -> str:
    """`float32` as `f32`, `bfloat16` as `bf16`, `float8_e4m3fn` as `f8_e4m3fn`; else unchanged."""
    if dtype == "bfloat16":
        return "bf16"
    if match := _SIZED.match(dtype):
        return _LETTERS[match[1]] + match[2] + (match[3] or "")
    return dtype


# A tree says the same few things of a million nodes.
_remembered = lru_cache(maxsize=4096)


@_remembered
def array_type(dtype: str, shape: tuple[int, ...], *, weak: bool = False) -> str:
    """The type of an array in a few characters: `f32[5,3]`, weakly typed `f32w[]`."""
    return f"{short_dtype(dtype)}{'w' if weak else ''}[{','.join(map(str, shape))}]"


@_remembered
def byte_size(count: int) -> str:
    """`count` bytes with a unit (1 KB = 1024 B): `512 B`, `1.5 KB`, `97.5 MB`."""
    return _scaled(count, ("B", "KB", "MB", "GB", "TB", "PB"), 1024)


@_remembered
def short_count(count: int) -> str:
    """`count` with a unit (1 K = 1000): `214`, `9.5K`, `25.6M`."""
    return _scaled(count, ("", "K", "M", "G", "T", "P"), 1000).replace(" ", "")


def counted(number: int, noun: str) -> str:
    """`number` and `noun` in agreement: `1 leaf`, `1,204 leaves`."""
    if number == 1:
        return f"1 {noun}"
    *before, last = noun.split(" ")
    return " ".join((f"{number:,}", *before, _PLURALS.get(last, last + "s")))


_PLURALS = {"leaf": "leaves", "entry": "entries", "class": "classes"}


def _scaled(count: int, units: tuple[str, ...], base: int) -> str:
    if count < base:
        return f"{count} {units[0]}"
    value, power = float(count), 0
    while value >= base and power < len(units) - 1:
        value /= base
        power += 1
    return f"{value:.1f} {units[power]}"
