"""What stands right of a clause's operator: amounts, shapes, dtypes, words."""

import re
from collections.abc import Callable
from typing import NamedTuple

from eqxview.inspect.filters.dtype_names import is_dtype, near_dtypes
from eqxview.inspect.filters.filter_error import FilterError, nearest
from eqxview.inspect.filters.wildcards import has_wildcard, wildcard
from eqxview.tree.wording import short_dtype


class Written(NamedTuple):
    """A clause as it was written."""

    name: str
    operator: str
    value: str
    text: str
    """All of it."""
    at: int
    """Where its value stands in the filter."""
    operator_at: int
    """Where its operator stands."""


def amount_of(written: Written, *, thousand: int) -> int | float:
    """A number with `K`, `M`, `G`, `T` behind it if need be: `1.5MB`, `3K`, `1_000`, `1e6`.

    `thousand` is what `K` stands for.
    """
    match = _AMOUNT.fullmatch(written.value)
    if match is None:
        raise FilterError(
            f"{written.name} takes a number, not {written.value!r}",
            at=written.at,
            hint=f"for example {written.name}>1000, or {written.name}>1.5M",
        )
    number = float(match[1].replace("_", "")) * thousand ** " kmgt".index(match[2].lower() or " ")
    return int(number) if number.is_integer() else number


_AMOUNT = re.compile(r"(\d[\d_]*(?:\.\d*)?(?:[eE]\d{1,2})?)\s*([kKmMgGtT]?)(?:i?[bB])?")


Shape = tuple[int | None, ...]
"""Axes, `None` for one of any length."""


class ShapePattern(NamedTuple):
    """A shape with holes."""

    before: Shape
    after: Shape | None
    """The axes behind `...`; `None` where there is no `...`."""

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether a shape is meant."""
        if self.after is None:
            return len(shape) == len(self.before) and _axes_fit(self.before, shape)
        if len(shape) < len(self.before) + len(self.after):
            return False
        rest = shape[len(shape) - len(self.after) :]
        return _axes_fit(self.before, shape) and _axes_fit(self.after, rest)


def shape_of(written: Written) -> ShapePattern:
    """`[4,*]`, `(4, 2)`, `[64,...]`, `[]`."""
    match = _SHAPE.fullmatch(written.value)
    parts = [] if match is None else [part.strip() for part in match[1].split(",")]
    if parts and not parts[-1]:
        parts.pop()  # `(4,)`, and what an empty shape is split into
    if match is None or parts.count("...") > 1 or not all(map(_AXIS.fullmatch, parts)):
        raise FilterError(
            f"{written.value!r} is no shape",
            at=written.at,
            hint="shapes are written [4,2]; * is an axis of any length, ... any number of axes",
        )
    axes: list[int | None] = [int(part) if part.isdecimal() else None for part in parts]
    if "..." not in parts:
        return ShapePattern(tuple(axes), None)
    gap = parts.index("...")
    return ShapePattern(tuple(axes[:gap]), tuple(axes[gap + 1 :]))


_SHAPE = re.compile(r"[\[(](.*)[\])]", re.DOTALL)
_AXIS = re.compile(r"\d{1,18}|\*|\.\.\.")


def _axes_fit(wanted: Shape, shape: tuple[int, ...]) -> bool:
    return all(axis is None or axis == length for axis, length in zip(wanted, shape, strict=False))


def text_test(written: Written, forms: Callable[[str], tuple[str, ...]]) -> Callable[[str], bool]:
    """Whether one of the `forms` of a text is the value (`=`), or contains it (`~`).

    With `~`, small letters find capitals too; with `=`, `*` and `?` stand for others.
    """
    value = written.value
    if "~" in written.operator:
        folded = value == value.lower()
        return lambda text: any(value in (form.lower() if folded else form) for form in forms(text))
    if not has_wildcard(value):
        return lambda text: value in forms(text)
    pattern = wildcard(value)
    return lambda text: any(pattern.fullmatch(form) for form in forms(text))


def dtype_test(written: Written) -> Callable[[str], bool]:
    """Whether a dtype is meant: by its name, long or short, or by the kind of its numbers.

    Raises `FilterError` for a name that no dtype has, unless `~` asks for a part of one.
    """
    value = written.value
    if "~" not in written.operator:
        kind = DTYPE_KINDS.get(value)
        if kind is not None:
            return lambda dtype: bool(kind.match(dtype))
        if not is_dtype(value):
            near = nearest(value, (*near_dtypes(value), *DTYPE_KINDS))
            raise FilterError(
                f"there is no dtype {value!r}",
                at=written.at,
                hint=f"{near}for example f32, bfloat16, i*; or all of a kind: "
                f"{', '.join(DTYPE_KINDS)}",
            )
    return text_test(written, lambda dtype: (dtype, short_dtype(dtype)))


DTYPE_KINDS = {
    "float": re.compile(r"b?float[1-9]|[<>]f\d"),
    "complex": re.compile(r"complex|[<>]c\d"),
    "inexact": re.compile(r"b?float[1-9]|complex|[<>][fc]\d"),
    "int": re.compile(r"u?int\d|[<>][iu]\d"),
    "key": re.compile(r"key<"),
}
"""Words for dtypes of one kind, whatever their width."""


def choice_of(written: Written, choices: tuple[str, ...]) -> str:
    """The value, which must be one of `choices`; `-` and `_` stand for spaces."""
    word = written.value.lower().replace("-", " ").replace("_", " ")
    if word not in choices:
        names = ", ".join(choice.replace(" ", "-") for choice in choices)
        raise FilterError(
            f"{written.name} is never {written.value!r}",
            at=written.at,
            hint=f"{nearest(word, choices)}the choices are: {names}",
        )
    return word
