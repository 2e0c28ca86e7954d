"""What a jitted call makes of the placements of its arguments."""

from collections.abc import Sequence

from eqxview.document import Note
from eqxview.inspect.placement.survey import Home, PlaceGroup
from eqxview.tree.wording import byte_size, counted


def advice(groups: Sequence[PlaceGroup]) -> tuple[Note, ...]:
    """What to know about arrays placed like this, the worst first; empty where all is well."""
    return (*_devices(groups), *_elsewhere(groups))


def _devices(groups: Sequence[PlaceGroup]) -> list[Note]:
    """Whether one jitted call can take all of these arrays, and where it would run."""
    committed: dict[tuple[str, ...], int] = {}
    free: dict[tuple[str, ...], int] = {}
    words: dict[tuple[str, ...], str] = {}
    for group in groups:
        if group.home == Home.DEVICE:
            counts = committed if group.committed else free
            counts[group.devices] = counts.get(group.devices, 0) + group.leaves
            words[group.devices] = group.device
    if len(committed) > 1:
        there = ", ".join(f"{counted(n, 'array')} to {words[on]}" for on, n in committed.items())
        most = max(committed, key=lambda devices: committed[devices])
        return [
            Note(
                f"committed to different devices: {there}; a jitted call that takes them "
                "together is refused (incompatible devices)",
                level="error",
                hint=f"move the few with jax.device_put, to where most are: {words[most]}",
            )
        ]
    ((home, held),) = committed.items() if committed else (((), 0),)
    strays = {devices: count for devices, count in free.items() if devices != home}
    if home and strays:
        there = ", ".join(f"{counted(n, 'array')} on {words[on]}" for on, n in strays.items())
        return [
            Note(
                f"a jitted call runs on {words[home]}, because {counted(held, 'array')} "
                f"{'is' if held == 1 else 'are'} committed to it: {there} "
                f"{'is' if sum(strays.values()) == 1 else 'are'} copied there at every call",
                level="warning",
                hint="place all of them with one jax.device_put",
            )
        ]
    return []


def _elsewhere(groups: Sequence[PlaceGroup]) -> list[Note]:
    notes = []
    of = {home: [group for group in groups if group.home == home] for home in Home}
    if of[Home.DELETED]:
        count = sum(group.leaves for group in of[Home.DELETED])
        notes.append(
            Note(
                f"{counted(count, 'array')} deleted or donated: nothing can be computed with "
                f"{'it' if count == 1 else 'them'}",
                level="warning",
                hint="use what the jitted function returned in place of what was donated to it",
            )
        )
    if of[Home.HOST] and of[Home.DEVICE]:
        count = sum(group.leaves for group in of[Home.HOST])
        nbytes = sum(group.nbytes for group in of[Home.HOST])
        notes.append(
            Note(
                f"{counted(count, 'NumPy array')} on the host: {byte_size(nbytes)} to be copied to "
                "the device at every jitted call",
                hint="jnp.asarray(x) copies once",
            )
        )
    if of[Home.TRACER]:
        count = sum(group.leaves for group in of[Home.TRACER])
        notes.append(
            Note(f"{counted(count, 'tracer')}: placed when the program that is traced here runs")
        )
    if of[Home.UNTOLD]:
        count = sum(group.leaves for group in of[Home.UNTOLD])
        notes.append(
            Note(
                f"a file does not tell where its arrays live ({counted(count, 'array')}): loading "
                "puts them on the default device, uncommitted",
                hint="eqxview.placement(x) on the object, once it is loaded and placed",
            )
        )
    return notes
