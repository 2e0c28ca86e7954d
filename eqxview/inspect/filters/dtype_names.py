"""The dtypes there are: a clause that asks for another one has a slip in it.

No array is asked, so that a filter is understood, or refused, without any tree. Dtypes that are
made up by their users (fields, strings of a length, times, a byte order) are known by their form.
"""

import re

from eqxview.inspect.filters.wildcards import has_wildcard, wildcard
from eqxview.tree.wording import short_dtype

NUMBERS = (
    *(f"float{bits}" for bits in (16, 32, 64, 128)),
    *(f"complex{bits}" for bits in (64, 128)),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (2, 4, 8, 16, 32, 64)),
    "bfloat16",
    "bool",
)
"""Dtypes whose full name is written into Python for their short one."""

_RARE = (
    *("float0", "float80", "float96", "complex160", "complex192", "complex256"),
    *("int1", "uint1", "bcomplex32", "complex32"),
    *("float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz"),
    *("float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"),
    *("float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"),
    *("object", "StringDType()", "datetime64", "timedelta64", "unknown dtype"),
)
_LONG = (*NUMBERS, *_RARE)
_NAMES = frozenset((*_LONG, *map(short_dtype, _LONG)))

_FORMS = re.compile(
    r"[<>=|].*"  # as NumPy writes a byte order, strings and raw bytes: `>f4`, `<U5`, `|V8`
    r"|[SUV]\d*"
    r"|[\[({].*"  # fields, and items that are arrays
    r"|(datetime64|timedelta64)\[.*"
    r"|key<.*"
    r"|structured dtype of .*",
    re.DOTALL,
)
# One of each form, for a wildcard that is to take them all: `key*`, `*[ns]`.
_SAMPLES = ("key<fry>", "<U5", "|S5", "|V5", ">f4", "datetime64[ns]", "timedelta64[ns]")


def is_dtype(value: str) -> bool:
    """Whether an array can have the dtype `value`, long or short, wildcards included."""
    if _FORMS.fullmatch(value):
        return True
    if not has_wildcard(value):
        return value in _NAMES
    # What has brackets or quotes in it may be meant for the fields of a dtype.
    pattern = wildcard(value)
    return bool(set(value) & set("[('\"<>|")) or any(
        pattern.fullmatch(name) for name in (*_NAMES, *_SAMPLES)
    )


def near_dtypes(value: str) -> tuple[str, ...]:
    """Names in which the nearest to `value` may be sought, written as long as it is: a short
    name for `f33`, a long one for `flaot32`."""
    short = len(value) <= _LONGEST_SHORT
    return tuple(short_dtype(name) for name in NUMBERS) if short else _LONG


_LONGEST_SHORT = 4
