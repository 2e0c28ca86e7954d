"""Reads a file of arrays: its names from the manifest, if it has one, and else in order."""

import time
from collections.abc import Callable
from functools import partial

from eqxview.collector import CollectorPause
from eqxview.errors import UnreadableFile
from eqxview.limits import Clock, Limits
from eqxview.readers.byte_source import ByteSource
from eqxview.readers.compressed import open_bytes
from eqxview.readers.cut_short import limit_that_cut
from eqxview.readers.described.descriptions import ArrayDescription
from eqxview.readers.described.look import Look
from eqxview.readers.described.values import StoredValues, reopened
from eqxview.readers.eqx.manifest import Manifest, find_manifest, manifest_at
from eqxview.readers.eqx.named import NamedLook, named_root
from eqxview.readers.eqx.records import Records
from eqxview.readers.opened import OpenedFile
from eqxview.readers.reader import ReadOptions
from eqxview.readers.sniff import ARRAYS, preface_of
from eqxview.tree.columns import Tree
from eqxview.tree.key_path import flat_entry
from eqxview.tree.kinds import Kind
from eqxview.tree.sanitise import sanitise
from eqxview.tree.walk import Child, Sight, walk


class EqxReader:
    """Reads `.npy` files, Equinox's `.eqx` files, and checkpoints of `eqxcore.save`."""

    def recognises(self, format_name: str) -> bool:
        """Whether the file holds `.npy` records."""
        return format_name == ARRAYS

    def read(self, path: str, options: ReadOptions) -> OpenedFile:
        """One tree: that of the pytree that was saved, or of its arrays in order."""
        start = time.perf_counter()
        limits = options.limits or Limits()
        clock = Clock(limits)
        source, compression = open_bytes(path, limits=limits, clock=clock)
        with CollectorPause():
            try:
                reading = _Reading(path, source, limits, clock)
            finally:
                source.close()
        return OpenedFile(
            path,
            format=", ".join(filter(None, [reading.format, compression])),
            nbytes=source.identity.size,
            seconds=time.perf_counter() - start,
            trees=(reading.tree,),
            error=reading.error,
            warnings=tuple(reading.warnings),
            hints=tuple(reading.hints),
        )


class _Reading:
    """One file while it is read."""

    def __init__(self, path: str, source: ByteSource, limits: Limits, clock: Clock) -> None:
        self.error: UnreadableFile | None = None
        self.warnings: list[str] = []
        self.hints: list[str] = []
        self._limits, self._clock = limits, clock
        reopen = partial(
            reopened,
            path,
            lambda: open_bytes(path, limits=limits, clock=Clock(limits))[0],
            source.identity,
        )
        self._values = StoredValues(reopen)
        preface = preface_of(source)
        manifest = self._try(lambda: find_manifest(source, limits))
        records = None
        if manifest is None:
            records = Records(source, len(preface), limits, clock)
            self.error = self.error or records.error
            if records.has_manifest and self.error is None:
                begin = records.end
                manifest = self._try(lambda: manifest_at(source, begin, limits))
        if manifest is not None:
            # The hash of the hashes of all that is in it: equal for equal pytrees.
            self.format = f"eqxcore checkpoint {manifest.sha256[:12]}"
            self.tree = self._walk(named_root(manifest, source), NamedLook(self._values))
            return
        assert records is not None
        is_npy = path.lower().endswith((".npy", ".npy.gz")) and len(records.arrays) == 1
        self.format = "npy array" if is_npy else "arrays without names"
        if not is_npy:
            for array in records.arrays:
                array.library = ""  # they may have been JAX's
        root = records.arrays[0] if is_npy else _Arrays(records)
        self.tree = self._walk(root, _look_at_arrays)
        if preface:
            text = sanitise(preface.decode("utf-8", "replace").strip())
            self.warnings.append(f"before the arrays stands: {text}")
        if not is_npy:
            self.hints.append(
                "the file holds no names: eqxcore.save(path, model) writes one that does, and "
                "that Equinox reads too"
            )

    def _try(self, find: Callable[[], Manifest | None]) -> Manifest | None:
        try:
            return find()
        except UnreadableFile as error:
            # The arrays can be shown without it.
            self.error = error
            return None

    def _walk(self, root: object, recognise: Callable[[object], Sight | None]) -> Tree:
        most = self._limits.nodes or 2_000_000
        tree = walk(
            root,
            Look(self._values, recognise),
            values=self._values,
            max_nodes=most,
            max_depth=self._limits.nesting,
            is_time_up=self._clock.is_up,
        )
        self.error = self.error or limit_that_cut(tree, self._limits)
        return tree


class _Arrays:
    """All arrays of a file without names."""

    def __init__(self, records: Records) -> None:
        self.arrays: list[ArrayDescription] = records.arrays
        self.codes = set(records.codes)


def _look_at_arrays(description: object) -> Sight | None:
    if type(description) is not _Arrays:
        return None
    notes = []
    if "<V2" in description.codes:
        notes.append("what is stored as <V2 is shown as bfloat16: NumPy writes bfloat16 so")
    if "<V1" in description.codes:
        notes.append("what is stored as <V1 is an 8-bit float or a smaller number: which, is lost")
    return Sight(
        Kind.PYTREE,
        ("leaves", "leaves of a pytree, in order"),
        is_leaf=False,
        children=[
            # The key that JAX prints for children without names.
            Child(flat_entry(index), array)
            for index, array in enumerate(description.arrays)
        ],
        notes=notes,
    )
