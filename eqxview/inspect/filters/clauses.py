"""The table of clauses: what can be asked about a leaf, as `name operator value`."""

import operator
from collections.abc import Callable, Sequence
from typing import NamedTuple

from eqxview.inspect.filters.clause_values import (
    DTYPE_KINDS,
    Written,
    amount_of,
    choice_of,
    dtype_test,
    shape_of,
    text_test,
)
from eqxview.inspect.filters.dtype_names import NUMBERS
from eqxview.inspect.filters.entry_rows import bare_name, rows_by_entry
from eqxview.inspect.filters.expression import Python, Term
from eqxview.inspect.filters.filter_error import FilterError
from eqxview.inspect.filters.path_pattern import parse_pattern, rows_of_pattern
from eqxview.inspect.filters.path_text import rows_with_path_text
from eqxview.inspect.filters.predicates import is_array, with_flag
from eqxview.inspect.filters.wildcards import has_wildcard
from eqxview.inspect.masks import (
    Mask,
    at_or_below,
    both,
    compared,
    inverse,
    looked_up,
    with_role,
)
from eqxview.tree.columns import Tree
from eqxview.tree.kinds import Flag, Hashing, Kind, Role

EQUAL = ("=", "!=")
TEXT = ("=", "!=", "~", "!~")
NUMBER = ("=", "!=", "<", "<=", ">", ">=")

Meaning = tuple[Callable[[Tree], Mask], str | None]
"""The rows that a clause without `!` takes; and the same in Python, if Python can tell."""


class Clause(NamedTuple):
    """A clause that a filter may have."""

    name: str
    operators: tuple[str, ...]
    example: str
    summary: str
    meaning: Callable[[Written], Meaning]


def term_of(clause: Clause, written: Written) -> Term:
    """The clause as it was written; raises `FilterError` for an operator or value not its own."""
    if written.operator not in clause.operators:
        raise FilterError(
            f"{clause.name} has no operator {written.operator!r}",
            at=written.operator_at,
            hint=f"it takes {' '.join(clause.operators)}, for example {clause.example}",
        )
    find, code = clause.meaning(written)
    if not written.operator.startswith("!"):
        return Term(written.text, find, None if code is None else Python(code))
    return Term(
        written.text,
        lambda tree: inverse(find(tree)),
        None if code is None else Python(f"not ({code})"),
    )


def _dtype(written: Written) -> Meaning:
    test = dtype_test(written)
    value, code = written.value, None
    if "~" not in written.operator and value not in DTYPE_KINDS and not has_wildcard(value):
        names = [name for name in NUMBERS if test(name)] or [value]
        code = f'str(getattr(leaf, "dtype", "")) == {names[0]!r}'

    def find(tree: Tree) -> Mask:
        return looked_up(tree.dtype, [test(name) for name in tree.dtypes] + [False])

    return find, code


def _shape(written: Written) -> Meaning:
    pattern = shape_of(written)
    code = None
    if pattern.after is None and None not in pattern.before:
        code = f'getattr(leaf, "shape", None) == {pattern.before!r}'

    def find(tree: Tree) -> Mask:
        return looked_up(tree.shape, [pattern.takes(shape) for shape in tree.shapes] + [False])

    return find, code


def _ndim(written: Written) -> Meaning:
    compare, amount = _COMPARISONS[written.operator], amount_of(written, thousand=1000)

    def find(tree: Tree) -> Mask:
        passing = [compare(len(shape), amount) for shape in tree.shapes]
        return looked_up(tree.shape, [*passing, False])

    return find, f'hasattr(leaf, "ndim") and leaf.ndim {_positive(written)} {amount!r}'


def _amount(column: str, attribute: str, thousand: int) -> Callable[[Written], Meaning]:
    def meaning(written: Written) -> Meaning:
        compare, amount = _COMPARISONS[written.operator], amount_of(written, thousand=thousand)

        def find(tree: Tree) -> Mask:
            return compared(getattr(tree, column), compare, amount, is_array(tree))

        return find, f"eqx.is_array(leaf) and leaf.{attribute} {_positive(written)} {amount!r}"

    return meaning


def _path(written: Written) -> Meaning:
    value = written.value
    if "~" in written.operator:
        fold = value == value.lower()
        lower = ".lower()" if fold else ""
        return (
            lambda tree: rows_with_path_text(tree, value, ignore_case=fold),
            f"{value!r} in jax.tree_util.keystr(path){lower}",
        )
    steps = parse_pattern(value, at=written.at)
    return lambda tree: rows_of_pattern(tree, steps), None


def _name(written: Written) -> Meaning:
    test = text_test(written, lambda entry: (bare_name(entry),))
    value, code = written.value, None
    if "~" not in written.operator and not has_wildcard(value):
        spellings = (f".{value}", f"[{value!r}]", f"[{value}]")
        code = f"jax.tree_util.keystr(path[-1:]) in {spellings!r}"

    # A name with letters is no item's: those of a long list are not asked one by one.
    is_number = set(value) <= set("0123456789*?")

    def items(count: int) -> Sequence[int]:
        return [test(f"[{index}]") for index in range(count)] if is_number else bytes(count)

    return lambda tree: rows_by_entry(tree, test, items), code


def _type(written: Written) -> Meaning:
    return _with_type(text_test(written, _dotted)), None


def _under(written: Written) -> Meaning:
    find = _with_type(text_test(written, _dotted))
    return lambda tree: at_or_below(tree, find(tree)), None


def _dotted(path: str) -> tuple[str, ...]:
    return path, path.rpartition(".")[2]


def _with_type(test: Callable[[str], bool]) -> Callable[[Tree], Mask]:
    def find(tree: Tree) -> Mask:
        passing = [test(path) or test(short) for short, path in tree.types]
        return looked_up(tree.type, [*passing, False])

    return find


def _role(written: Written) -> Meaning:
    roles, code = _ROLES[choice_of(written, tuple(_ROLES))]
    return lambda tree: with_role(tree, *roles), code


_ROLES: dict[str, tuple[tuple[Role, ...], str | None]] = {
    "dynamic": ((Role.DYNAMIC,), "eqx.is_array(leaf)"),
    "static": ((Role.STATIC_LEAF, Role.STATIC_FIELD), "not eqx.is_array(leaf)"),
    "static leaf": ((Role.STATIC_LEAF,), "not eqx.is_array(leaf)"),
    "static field": ((Role.STATIC_FIELD,), "False"),
    "none": ((Role.NONE,), "False"),
    "container": ((Role.NODE,), "False"),
    "inside": ((Role.INSIDE,), "False"),
    "unknown": ((Role.UNKNOWN,), None),
}


def _kind(written: Written) -> Meaning:
    word = choice_of(written, tuple(kind.word for kind in Kind))
    return lambda tree: looked_up(tree.kind, [kind.word == word for kind in Kind]), None


def _value(written: Written) -> Meaning:
    test = text_test(written, lambda text: (text,))
    return lambda tree: looked_up(tree.text, [test(text) for text in tree.texts] + [False]), None


def _hash(written: Written) -> Meaning:
    words = {"value": "by value", "identity": "by identity", "unhashable": "unhashable"}
    word = words[choice_of(written, tuple(words))]
    return lambda tree: looked_up(tree.hashing, [one.word == word for one in Hashing]), None


def _device(written: Written) -> Meaning:
    test = text_test(written, lambda text: (text,))

    def find(tree: Tree) -> Mask:
        return looked_up(tree.place, [test(place.device) for place in tree.places] + [False])

    return find, None


def _flag(flag: Flag, code: str | None) -> Callable[[Written], Meaning]:
    def meaning(written: Written) -> Meaning:
        wanted = choice_of(written, ("yes", "no")) == "yes"

        def find(tree: Tree) -> Mask:
            arrays = is_array(tree)
            flagged = with_flag(tree, flag)
            return both(arrays, flagged if wanted else inverse(flagged))

        if code is None or wanted:
            return find, code
        return find, f"eqx.is_array(leaf) and not {code}"

    return meaning


def _tied(written: Written) -> Meaning:
    wanted = choice_of(written, ("yes", "no")) == "yes"

    def find(tree: Tree) -> Mask:
        shared = bytearray(len(tree))
        for row in tree.ties:
            shared[row] = 1
        return both(is_array(tree), bytes(shared) if wanted else inverse(bytes(shared)))

    return find, None


def _positive(written: Written) -> str:
    """The operator in Python; `!=` is the opposite of `=`, and is turned round elsewhere."""
    return "==" if written.operator in EQUAL else written.operator


_COMPARISONS = {
    "=": operator.eq,
    "!=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

CLAUSES: tuple[Clause, ...] = (
    Clause("dtype", TEXT, "dtype=f32", "bf16, float32, i*; float, complex, inexact, int", _dtype),
    Clause("shape", EQUAL, "shape=[4,*]", "* any axis, ... any number of axes", _shape),
    Clause("ndim", NUMBER, "ndim>=2", "number of axes", _ndim),
    Clause(
        "bytes",
        NUMBER,
        "bytes>1MB",
        "bytes of an array; 1K = 1024",
        _amount("nbytes", "nbytes", 1024),
    ),
    Clause(
        "elements",
        NUMBER,
        "elements>1M",
        "elements of an array; 1K = 1000",
        _amount("size", "size", 1000),
    ),
    Clause("path", TEXT, "path~attn", "~ text in it; = a path with wildcards", _path),
    Clause("name", TEXT, "name=weight", "the last step of the path", _name),
    Clause("type", TEXT, "type=Linear", "the class, short or with its module", _type),
    Clause("under", TEXT, "under=LayerNorm", "everything in nodes of a class", _under),
    Clause("role", EQUAL, "role=static", "dynamic, static, static-leaf, none ...", _role),
    Clause("kind", EQUAL, "kind=function", "array, number, text, function ...", _kind),
    Clause("value", TEXT, "value~relu", "what a leaf that is no array shows", _value),
    Clause(
        "hash", EQUAL, "hash=identity", "value, identity or unhashable: of what is static", _hash
    ),
    Clause("device", TEXT, "device=cpu:0", "where an array lives", _device),
    Clause(
        "committed",
        EQUAL,
        "committed=yes",
        "whether JAX may not move it",
        _flag(Flag.COMMITTED, None),
    ),
    Clause(
        "weak",
        EQUAL,
        "weak=yes",
        "whether its dtype gives way",
        _flag(Flag.WEAK, 'getattr(leaf, "weak_type", False)'),
    ),
    Clause("tied", EQUAL, "tied=yes", "whether it stands at several places", _tied),
)


def find_clause(name: str) -> Clause | None:
    """The clause called `name`."""
    return next((known for known in CLAUSES if known.name == name), None)
