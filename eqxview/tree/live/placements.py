"""Where a live array lives: asked of its sharding, never of its values."""

from collections.abc import Sequence
from typing import Any

from eqxview.tree.columns import Placement
from eqxview.tree.sanitise import sanitise


class Placements:
    """The placements of arrays, each worked out once for all arrays that are laid out alike."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, object], Placement] = {}

    def of(self, value: Any) -> Placement:
        """The placement of a `jax.Array`."""
        sharding, shape = value.sharding, value.shape
        # How an array is cut depends on its number of axes. Where an axis is empty, nothing
        # shows into how many parts it was cut: such arrays have entries of their own.
        key = (sharding, shape if 0 in shape else len(shape))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _placement(sharding, shape)
        return known


def _placement(sharding: Any, shape: tuple[int, ...]) -> Placement:
    devices = sorted(sharding.device_set, key=lambda device: device.id)
    names = tuple(f"{device.platform}:{device.id}" for device in devices)
    first = devices[0]
    memory = getattr(sharding, "memory_kind", None)
    usual = first.default_memory().kind if memory is not None else None
    mesh = getattr(sharding, "mesh", None)
    spec = getattr(sharding, "spec", None)
    grid, blocks = _layout(sharding, shape, devices)
    here = sharding.addressable_devices
    return Placement(
        names[0] if len(names) == 1 else f"{first.platform}×{len(names)}",
        str(sharding),
        devices=names,
        grid=grid,
        blocks=blocks,
        mesh=() if mesh is None else tuple((sanitise(str(a)), n) for a, n in mesh.shape.items()),
        spec="" if spec is None else sanitise(_spec_text(spec)),
        memory="" if memory in (None, usual) else sanitise(memory),
        elsewhere=tuple(
            name for name, device in zip(names, devices, strict=True) if device not in here
        ),
    )


def _spec_text(spec: Any) -> str:
    """A PartitionSpec as one would write it: whole axes at its end say nothing."""
    text = str(spec)
    if "reduced" in text:
        return text
    axes = list(spec)
    while axes and axes[-1] is None:
        axes.pop()
    return f"P({', '.join(map(repr, axes))})"


def _layout(
    sharding: Any, shape: tuple[int, ...], devices: Sequence[Any]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Into how many blocks each axis is cut, and the number of the block on each device."""
    if len(devices) == 1:
        return (1,) * len(shape), (0,)
    shard = sharding.shard_shape(shape)
    grid = tuple(axis // piece if piece else 1 for axis, piece in zip(shape, shard, strict=True))
    indices = sharding.devices_indices_map(shape)
    blocks = []
    for device in devices:
        block = 0
        for part, piece, count in zip(indices[device], shard, grid, strict=True):
            block = block * count + ((part.start or 0) // piece if piece and count > 1 else 0)
        blocks.append(block)
    return grid, tuple(blocks)
