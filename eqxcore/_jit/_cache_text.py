"""The cache of a jitted function as a table, and the error for a program that is one too many."""

from collections.abc import Mapping, Sequence

from ._cache_entry import CacheEntry, joined
from ._changes import advice, nearest, table
from ._signature import Row

# A function that compiles at each step has as many entries as steps.
_FIRST, _LAST = 5, 35
# Each entry of a table is compared with as many before it.
_COMPARED = 32


def cache_table(name: str, entries: Sequence[CacheEntry], compiles: int, seconds: float) -> str:
    """A line for each entry: how often, how long, and what for."""
    programs = "1 program" if len(entries) == 1 else f"{len(entries)} programs"
    lines = [f"<cache of `{name}`: {programs}, compiled {times(compiles)}, {seconds:.2f} s>"]
    if entries:
        lines.append("      compiles  seconds  compiled for")
    hidden = len(entries) - _FIRST - _LAST
    for index, entry in enumerate(entries):
        if _FIRST <= index < _FIRST + hidden:
            if index == _FIRST:
                lines.append(f"   …  {hidden} more")
            continue
        lines.append(
            f"{index:>4}  {entry.compiles:>8}  {entry.seconds.total:>7.2f}  {_told(entries, index)}"
        )
    return "\n".join(lines)


def _told(entries: Sequence[CacheEntry], index: int) -> str:
    """What an entry is for: in itself, or by what it differs in from one before it."""
    first = max(index - _COMPARED, 0)
    earlier = [entry.signature for entry in entries[first:index]]
    found = nearest(earlier, entries[index].signature)
    if found is None:
        return entries[index].summary()
    place, different = found
    return f"as {first + place}, but {joined([str(change) for change in different])}"


def too_many(
    name: str, allowed: int, compiles: int, entries: Sequence[CacheEntry], now: Mapping[str, Row]
) -> str:
    """What is said where one more than `allowed` is needed."""
    head = (
        f"`{name}` needs a program that is not compiled yet, and has compiled {times(compiles)}. "
        f"Expected at most {times(allowed)}, as `max_compiles={allowed}` says."
    )
    earlier = [entry.signature for entry in entries]
    found = nearest(earlier, now)
    if found is None:
        return head
    index, different = found
    if not different:
        return (
            f"{head} Nothing in this call differs from entry {index} of `{name}.cache`. Its "
            "program was forgotten, by `jax.clear_caches()` say; or a mesh or a context manager of "
            "JAX is another one; or the call is in another `vmap` or `grad`."
        )
    return (
        f"{head} Of what it was compiled for, this call is most like entry {index} of "
        f"`{name}.cache`:\n{table((f'entry {index}', 'now'), different, earlier[index], now)}\n"
        f"{advice(different[0])}"
    )


def times(count: int) -> str:
    """`once`, `2 times`."""
    return "once" if count == 1 else f"{count} times"
