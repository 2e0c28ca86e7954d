"""NumPy dtypes from their descriptions: item size and name, as `str(dtype)` prints it.

Nothing is trusted: a description may hold itself, or share its parts until its name would be
longer than any memory. Names are cut, and what makes no sense is called unknown.
"""

from eqxview.readers.described.descriptions import DictItems, DTypeDescription, Reference
from eqxview.tree.sanitise import sanitise
from eqxview.tree.value_text import string_text

UNKNOWN_DTYPE = "unknown dtype"

_WORDS = {"i": "int", "u": "uint", "f": "float", "c": "complex", "M": "datetime64"}
_WORDS["m"] = "timedelta64"

# NumPy keeps items of less than a byte in a byte each.
_ONE_BYTE: tuple[str, ...] = (
    *("float8_e3m4", "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz"),
    *("float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn", "float6_e2m3fn"),
    *("float6_e3m2fn", "int1", "int2", "int4", "uint1", "uint2", "uint4"),
)
ML_DTYPES: dict[str, int] = {
    **dict.fromkeys(_ONE_BYTE, 1),
    "bfloat16": 2,
    "bcomplex32": 4,
    "complex32": 4,
}
"""The dtypes of the `ml_dtypes` package, and the bytes of one item."""

STRING_DTYPE = "T"
"""The base of NumPy's strings of variable length."""

MAX_FIELDS = 100
"""Fields of a structured dtype, nested ones counted, that are looked at."""
MAX_DEPTH = 16


class DTypeFacts:
    """What a dtype comes to."""

    __slots__ = ("alignment", "code", "inside", "is_subarray", "item_size", "name")

    def __init__(
        self,
        name: str,
        item_size: int | None,
        *,
        code: str = "",
        inside: str = "",
        is_subarray: bool = False,
        alignment: int = 1,
    ) -> None:
        self.name = name
        """As `str(dtype)` prints it, sanitised."""
        self.item_size = item_size
        """Bytes of an item; `None` where the items are not bytes, or it is not known."""
        self.code = code
        """As NumPy reads it: `<f4`, `|S5`, or a name of `ml_dtypes`; empty for what is neither."""
        self.inside = inside or name
        """How it stands in the name of a structured dtype: `'<f4'`."""
        self.is_subarray = is_subarray
        self.alignment = alignment
        """Bytes of which its place in an aligned dtype is a multiple."""

    @property
    def is_object(self) -> bool:
        """Whether the items are objects, each pickled by itself."""
        return self.code == "|O"


def dtype_facts(dtype: object) -> DTypeFacts:
    """Name and item size of the described dtype."""
    return _facts(dtype, _Budget(), 0)


class _Budget:
    """Counts what is looked at, over all levels."""

    def __init__(self) -> None:
        self.fields = MAX_FIELDS


def _facts(dtype: object, budget: _Budget, depth: int) -> DTypeFacts:
    budget.fields -= 1
    if type(dtype) is not DTypeDescription or budget.fields < 0 or depth > MAX_DEPTH:
        return DTypeFacts(UNKNOWN_DTYPE, None)
    state = dtype.state or ()
    if len(state) >= 6:
        subarray, names, fields = state[2], state[3], state[4]
        if type(subarray) is tuple:
            return _subarray(subarray, _size(state), budget, depth)
        if type(names) is tuple and type(fields) is DictItems:
            return _structured(names, fields, state, budget, depth)
    base = dtype.base
    if type(base) is Reference:
        return _of_class(base)
    if type(base) is not str or not base or len(base) > 24:
        return DTypeFacts(UNKNOWN_DTYPE, None)
    return _of_code(base, state)


def _of_class(base: Reference) -> DTypeFacts:
    package = base.module.partition(".")[0]
    if package in ("ml_dtypes", "jaxlib", "jax") and base.name in ML_DTYPES:
        size = ML_DTYPES[base.name]
        return DTypeFacts(base.name, size, code=base.name, alignment=min(size, 2))
    if package == "numpy" and base.name in _CLASSES:
        return _of_code(_CLASSES[base.name], ())
    return DTypeFacts(sanitise(base.name), None)


# Scalar classes that may stand in the place of a code.
_CLASSES = {
    "bool": "b1",
    "bool_": "b1",
    "object_": "O",
    **{
        f"{word}{8 * size}": f"{letter}{size}"
        for letter, word, sizes in (
            ("i", "int", (1, 2, 4, 8)),
            ("u", "uint", (1, 2, 4, 8)),
            ("f", "float", (2, 4, 8, 16)),
            ("c", "complex", (8, 16, 32)),
        )
        for size in sizes
    },
}


def _of_code(base: str, state: tuple[object, ...]) -> DTypeFacts:
    order = state[1] if len(state) > 1 and state[1] in ("<", ">") else "<"
    if base[0] in "<>|=":
        order = base[0] if base[0] in "<>" else order
        base = base[1:]
    kind, digits = base[:1], base[1:]
    if base == STRING_DTYPE:
        return DTypeFacts("StringDType()", None)
    if kind == "O":
        return _simple("object", 8, "|O", "O")
    if kind in ("?", "b"):
        return _simple("bool", 1, "|b1", "?")
    if digits and not (digits.isascii() and digits.isdigit()):
        return DTypeFacts(UNKNOWN_DTYPE, None)
    declared = int(digits or "0")
    if kind in "SaUV":
        kind = "S" if kind == "a" else kind
        unit = 4 if kind == "U" else 1
        size = _size(state) if len(state) > 5 else None
        if size is None:
            size = declared * unit
        code = f"{order if kind == 'U' else '|'}{kind}{size // unit}"
        return _simple(code, size, code)
    if kind in "Mm":
        unit = _time_unit(state)
        code = f"{order}{kind}8{unit}"
        return _simple(code if order == ">" else f"{_WORDS[kind]}{unit}", 8, code)
    if kind in "iufc" and declared in _SIZES[kind]:
        if declared == 1:
            order = "|"
        code = f"{order}{kind}{declared}"
        name = code if order == ">" else f"{_WORDS[kind]}{8 * declared}"
        return _simple(name, declared, code)
    return DTypeFacts(UNKNOWN_DTYPE, None)


def _simple(name: str, size: int, code: str, inside: str = "") -> DTypeFacts:
    kind = code[1]
    if kind == "U":
        alignment = 4
    elif kind in "SV":
        alignment = 1
    else:
        alignment = size // 2 if kind == "c" else size
    return DTypeFacts(
        name, size, code=code, inside=repr(inside or code.lstrip("|")), alignment=alignment
    )


_SIZES = {"i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8, 12, 16), "c": (8, 16, 24, 32)}
_UNITS = frozenset(("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"))


def _time_unit(state: tuple[object, ...]) -> str:
    """`[ns]`, `[25s]`; empty for the generic unit."""
    metadata = state[8] if len(state) > 8 else None
    if type(metadata) is not tuple or len(metadata) != 2 or type(metadata[1]) is not tuple:
        return ""
    unit, count = (*metadata[1], None, None)[:2]
    if type(unit) is bytes:
        unit = unit.decode("latin-1")
    if type(unit) is not str or unit not in _UNITS:
        return ""
    number = _whole(count)
    return f"[{number if number is not None and 1 < number < 2**31 else ''}{unit}]"


def _subarray(
    subarray: tuple[object, ...], size: int | None, budget: _Budget, depth: int
) -> DTypeFacts:
    if len(subarray) != 2:
        return DTypeFacts(UNKNOWN_DTYPE, None)
    base = _facts(subarray[0], budget, depth + 1)
    shape = subarray[1] if type(subarray[1]) is tuple else (subarray[1],)
    # NumPy has at most 64 dimensions; a number of a file may have thousands of digits.
    if len(shape) > 64 or not all(type(n) is int and 0 <= n < 2**31 for n in shape):
        return DTypeFacts(UNKNOWN_DTYPE, None)
    inside = f"{base.inside}, {shape}"
    return DTypeFacts(
        f"({inside})", size, inside=inside, is_subarray=True, alignment=base.alignment
    )


def _structured(
    names: tuple[object, ...],
    fields: DictItems,
    state: tuple[object, ...],
    budget: _Budget,
    depth: int,
) -> DTypeFacts:
    size = _size(state)
    flags = _whole(state[7]) if len(state) > 7 else 0
    columns = _columns(names, fields, budget, depth)
    if columns is None:
        return DTypeFacts(f"structured dtype of {len(names):,} fields", size)
    is_aligned = bool((flags or 0) & _ALIGNED)
    alignment = max((facts.alignment for _, facts, _ in columns), default=1) if is_aligned else 1
    # As a list it reads best, if the places of the fields follow from their sizes. What is
    # aligned must be said of the outermost dtype; inside of it, it is understood.
    rows = ", ".join(f"({name}, {facts.inside})" for name, facts, _ in columns)
    is_regular = _is_regular(columns, size, is_aligned=is_aligned)
    if is_regular and not is_aligned:
        return DTypeFacts(f"[{rows}]", size)
    parts = {
        "names": ", ".join(name for name, _, _ in columns),
        "formats": ", ".join(
            f"({facts.inside})" if facts.is_subarray else facts.inside for _, facts, _ in columns
        ),
        "offsets": ", ".join(str(offset) for _, _, offset in columns),
    }
    text = ", ".join(f"'{key}': [{value}]" for key, value in parts.items())
    aligned = ", 'aligned': True" if is_aligned else ""
    return DTypeFacts(
        f"{{{text}, 'itemsize': {size}{aligned}}}",
        size,
        inside=f"[{rows}]" if is_regular else f"{{{text}, 'itemsize': {size}}}",
        alignment=alignment,
    )


def _is_regular(
    columns: "list[tuple[str, DTypeFacts, int]]", size: int | None, *, is_aligned: bool
) -> bool:
    """Whether the fields follow each other, with no more space between than alignment asks."""
    end = 0
    alignment = 1
    for _, facts, offset in columns:
        if is_aligned:
            end = _rounded_up(end, facts.alignment)
            alignment = max(alignment, facts.alignment)
        if offset != end:
            return False
        end = offset + (facts.item_size or 0)
    return _rounded_up(end, alignment) == size


def _rounded_up(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment if alignment > 1 else offset


_ALIGNED = 0x80


def _columns(
    names: tuple[object, ...], fields: DictItems, budget: _Budget, depth: int
) -> list[tuple[str, DTypeFacts, int]] | None:
    """Name, type and offset of each field; `None` if they are too many or make no sense."""
    if len(names) > budget.fields or len(fields.pairs) > 2 * MAX_FIELDS:
        return None
    by_name = {key: value for key, value in fields.pairs if type(key) is str}
    columns: list[tuple[str, DTypeFacts, int]] = []
    for name in names:
        if type(name) is not str:
            return None
        match by_name.get(name):
            case (dtype, int(offset)) if 0 <= offset < 2**31:
                shown = string_text(name)
            case (dtype, int(offset), str(title)) if 0 <= offset < 2**31:
                shown = f"({string_text(title)}, {string_text(name)})"
            case _:
                return None
        columns.append((shown, _facts(dtype, budget, depth + 1), offset))
    return columns


def _size(state: tuple[object, ...]) -> int | None:
    """The item size that the state declares; `None` where it leaves that to the code."""
    size = _whole(state[5])
    return size if size is not None and 0 <= size < 2**31 else None


def _whole(value: object) -> int | None:
    return value if type(value) is int else None
