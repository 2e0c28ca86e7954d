"""The records of a file, one behind the other: each is found by the header of the one before."""

from eqxview.errors import UnreadableFile
from eqxview.limits import Clock, Limits, over_limit
from eqxview.readers.byte_source import ByteSource
from eqxview.readers.described.array_types import array_type
from eqxview.readers.described.descriptions import ArrayDescription, Payload
from eqxview.readers.eqx.header import Header, Headers
from eqxview.readers.eqx.manifest import BEGIN


class Records:
    """The arrays of a file, as far as it can be read."""

    def __init__(self, source: ByteSource, start: int, limits: Limits, clock: Clock) -> None:
        self.arrays: list[ArrayDescription] = []
        self.codes: list[str] = []
        """The dtype of each as it is written."""
        self.error: UnreadableFile | None = None
        self.end = start
        """Where the last record ends."""
        self.has_manifest = False
        """Whether it is followed by the manifest of a checkpoint."""
        self._headers = Headers(source)
        most = limits.nodes or _MANY
        try:
            while head := source.read_at(self.end, len(BEGIN)):
                if head == BEGIN:
                    self.has_manifest = True
                    return
                if len(self.arrays) >= most:
                    raise over_limit(
                        f"the file holds more than {most:,} arrays",
                        flag="--max-nodes",
                        offset=self.end,
                    )
                clock.check(self.end)
                self._read_one(source)
        except UnreadableFile as error:
            self.error = error

    def _read_one(self, source: ByteSource) -> None:
        header = self._headers.at(self.end)
        begin = self.end + header.length
        array = array_of(header)
        kind = array_type(array.dtype, array.shape)
        self.arrays.append(array)
        self.codes.append(header.code)
        if kind.problem is not None or kind.dtype.item_size is None or kind.dtype.is_object:
            raise UnreadableFile(
                f"array number {len(self.arrays):,} holds "
                + ("Python objects, as a pickle" if kind.dtype.is_object else "no plain numbers")
                + ": where it ends, and what follows, cannot be told",
                hint="whoever wrote the file can leave it out, or make it an array of numbers",
                offset=begin,
            )
        end = begin + kind.nbytes
        if source.size is None and kind.nbytes and not source.read_at(end - 1, 1):
            # Now that its end was looked for, the size of the content is known.
            self._breaks_off(array, begin, source.size or begin, end)
        if source.size is not None and end > source.size:
            self._breaks_off(array, begin, source.size, end)
        array.data = Payload(begin, kind.nbytes, "bytes")
        self.end = end

    def _breaks_off(self, array: ArrayDescription, begin: int, size: int, end: int) -> None:
        array.data = Payload(begin, max(size - begin, 0), "bytes")
        raise UnreadableFile(
            f"the file breaks off in array number {len(self.arrays):,}: it would end at byte "
            f"{end:,}, and the file does at {size:,}",
            hint="a download or copy may be unfinished: compare its size with the original's",
            offset=size,
        )


_MANY = 2_000_000


def array_of(header: Header) -> ArrayDescription:
    """The array that a header declares, without its data."""
    array = ArrayDescription("numpy")
    array.shape = header.shape
    array.dtype = header.dtype
    array.is_fortran = header.is_fortran
    return array
