"""Live arrays: JAX and NumPy arrays and scalars, tracers, `ShapeDtypeStruct`.

Nothing here starts a transfer, waits for a device, or keeps an array alive.
"""

import sys
import types
import weakref
from typing import Any

from eqxview.errors import UnreadableFile
from eqxview.tree.callable_content import CallableContent
from eqxview.tree.columns import NOTHING, ArrayFacts, Tree
from eqxview.tree.kinds import Flag, Hashing, Kind
from eqxview.tree.live.callable_contents import live_content
from eqxview.tree.live.handler import ClassNames
from eqxview.tree.live.placements import Placements
from eqxview.tree.walk import Sight


class LiveValues:
    """Fetches values of live arrays, which it holds by weak reference only, as it does callables.

    What a callable is made of is found out when somebody asks for it.
    """

    def __init__(self) -> None:
        self._arrays: list[Any] = []
        self._callables: list[Any] = []

    def remember(self, value: Any) -> int:
        """A handle for `value`."""
        try:
            self._arrays.append(weakref.ref(value))
        except TypeError:
            # NumPy scalars take no weak reference; they are a few bytes.
            self._arrays.append(lambda: value)
        return len(self._arrays) - 1

    def remember_callable(self, value: Any) -> int:
        """A handle for a callable; `NOTHING` where it has no content but its name."""
        make = weakref.WeakMethod if isinstance(value, types.MethodType) else weakref.ref
        try:
            self._callables.append(make(value))
        except TypeError:
            return NOTHING
        return len(self._callables) - 1

    def callable_content(self, tree: Tree, row: int) -> CallableContent | None:
        """The content of the callable at `row`; `None` where it is gone, or has none."""
        handle = tree.handle[row]
        if handle == NOTHING or tree.shape[row] != NOTHING:
            return None
        value = self._callables[handle]()
        return None if value is None else live_content(value)

    def fetch(self, tree: Tree, row: int) -> object:
        """The array at `row` as a NumPy array; transfers it to the host if need be."""
        import numpy as np

        handle = tree.handle[row] if tree.shape[row] != NOTHING else NOTHING
        value = self._arrays[handle]() if handle != NOTHING else None
        place = tree.placement(row)
        if (
            value is None
            or tree.flags[row] & _WITHOUT_VALUE
            or (place is not None and place.elsewhere)
        ):
            raise _not_here(tree, row, is_gone=value is None)
        jax = sys.modules.get("jax")
        if jax is not None and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
            # NumPy has no keys; these are their bits, as they are for a file.
            value = jax.random.key_data(value)
        return np.asarray(value)

    def is_same(self, tree: Tree, row: int, other: Tree, other_row: int) -> bool:
        """Whether two rows of trees of live objects hold one and the same array."""
        if not isinstance(other.values, LiveValues):
            return False
        first, second = tree.handle[row], other.handle[other_row]
        if NOTHING in (first, second):
            return False
        value = self._arrays[first]()
        return value is not None and value is other.values._arrays[second]()


_WITHOUT_VALUE = int(Flag.DELETED | Flag.TRACER)


def _not_here(tree: Tree, row: int, *, is_gone: bool) -> UnreadableFile:
    """Why the value of `row` cannot be had."""
    where = tree.path(row) or "the root"
    if is_gone:
        return UnreadableFile(
            f"the array at {where} is gone: the tree does not keep arrays alive",
            hint="keep the object that you looked at, and look again",
        )
    if tree.flags[row] & _WITHOUT_VALUE:
        what = "was deleted or donated" if tree.has_flag(row, Flag.DELETED) else "is a tracer"
        return UnreadableFile(f"the array at {where} {what}: it has no value")
    place = tree.placement(row)
    assert place is not None
    return UnreadableFile(
        f"the array at {where} is not all here: {len(place.elsewhere):,} of its "
        f"{len(place.devices):,} devices belong to other processes"
    )


_JAX_ARRAY = ("Array", "jax.Array")


class ArrayHandler:
    """Array leaves."""

    def __init__(self, names: ClassNames, values: LiveValues) -> None:
        self._names = names
        self._values = values
        self._placements = Placements()
        self._dtypes: dict[object, str] = {}

    def recognises(self, cls: type) -> bool:
        """Arrays of the libraries that are imported already."""
        return issubclass(cls, _array_classes())

    def look(self, value: Any) -> Sight:
        """An array leaf; or, for a `ShapeDtypeStruct`, a leaf that only has an array's type."""
        cls = type(value)
        jax = sys.modules.get("jax")
        np = sys.modules["numpy"]
        flags, placement, handle, tie_key = 0, None, NOTHING, id(value)
        type_name = self._names[cls]
        if isinstance(value, (np.ndarray, np.generic)):
            flags |= Flag.NUMPY
            if isinstance(value, np.generic):
                tie_key = None
            elif value.flags.f_contiguous and not value.flags.c_contiguous:
                flags |= Flag.FORTRAN
            nbytes = value.nbytes
            handle = self._values.remember(value)
        elif jax is not None and isinstance(value, jax.core.Tracer):
            flags |= Flag.TRACER
            nbytes = _byte_count(value)
        elif jax is not None and isinstance(value, jax.Array):
            if value.is_deleted():
                flags |= Flag.DELETED
            if getattr(value, "committed", False):
                flags |= Flag.COMMITTED
            placement = self._placements.of(value)
            # The class that users know, and the only one that a file tells.
            type_name = _JAX_ARRAY
            nbytes = _byte_count(value)
            handle = self._values.remember(value)
        else:
            return Sight(
                Kind.OPAQUE,
                self._names[cls],
                is_leaf=True,
                hashing=Hashing.BY_VALUE,
                text=f"<{cls.__name__}>",
                array=ArrayFacts(self._dtype(value), tuple(value.shape), 0),
            )
        if getattr(value, "weak_type", False):
            flags |= Flag.WEAK
        return Sight(
            Kind.ARRAY,
            type_name,
            is_leaf=True,
            array=ArrayFacts(self._dtype(value), tuple(value.shape), nbytes, placement),
            handle=handle,
            flags=flags,
            tie_key=tie_key,
            notes=("deleted or donated: the buffer is gone",) if flags & Flag.DELETED else (),
        )

    def _dtype(self, value: Any) -> str:
        dtype = value.dtype
        name = self._dtypes.get(dtype)
        if name is None:
            name = self._dtypes[dtype] = str(dtype)
        return name


def _array_classes() -> tuple[type, ...]:
    classes: list[type] = []
    if (np := sys.modules.get("numpy")) is not None:
        classes += [np.ndarray, np.generic]
    if (jax := sys.modules.get("jax")) is not None:
        classes += [jax.Array, jax.core.Tracer, jax.ShapeDtypeStruct]
    return tuple(classes)


def _byte_count(value: Any) -> int:
    """Bytes of all elements, counted once however often they are replicated."""
    try:
        return value.size * value.dtype.itemsize
    except (AttributeError, TypeError):
        return 0
