"""The bytes of a pickle as a tape: read forward through a window, large payloads skipped."""

from eqxview.errors import UnreadableFile
from eqxview.limits import Clock
from eqxview.readers.byte_source import ByteSource

SMALLEST_WINDOW = 4096
LARGEST_WINDOW = 1 << 20

# The longest opcode whose argument is kept whatever its length: a string of 255 bytes.
_MARGIN = 300


class Tape:
    """Where the machine stands in the file, and the part of it that is in memory.

    The machine reads `buffer` at `at` by itself as long as `at < attention`; then it calls
    `attend`. Arguments of up to 257 bytes are then in the buffer, unless the file ends first.
    """

    __slots__ = (
        "at",
        "attention",
        "base",
        "buffer",
        "clock",
        "frame_end",
        "frames_crossed",
        "is_at_end",
        "source",
        "window",
    )

    def __init__(self, source: ByteSource, clock: Clock, start: int = 0) -> None:
        self.source = source
        self.clock = clock
        self.base = start
        """Position of the buffer in the file."""
        self.buffer = b""
        self.at = 0
        """The next byte, as an index into the buffer."""
        self.attention = 0
        self.window = SMALLEST_WINDOW // 4
        self.is_at_end = False
        """Whether the buffer reaches to the end of the file."""
        self.frame_end = -1
        """Position in the file at which the current frame ends; -1 outside of frames."""
        self.frames_crossed: list[int] = []
        """Ends of frames that an opcode runs across."""

    @property
    def position(self) -> int:
        """The next byte, as a position in the file."""
        return self.base + self.at

    def attend(self) -> None:
        """Go on past the end of the window or of the frame; raises where the file ends."""
        if 0 <= self.frame_end <= self.position:
            if self.position > self.frame_end:
                self.frames_crossed.append(self.frame_end)
            self.frame_end = -1
        if not self.is_at_end and self.at >= len(self.buffer) - _MARGIN:
            self._read()
        self._set_attention()
        if self.at >= len(self.buffer):
            raise self.breaks_off("the file breaks off before the pickle's end")

    def _read(self) -> None:
        self.base += self.at
        self.at = 0
        # Small at first, after each payload that is skipped too: what follows may be as short.
        self.window = min(4 * self.window, LARGEST_WINDOW)
        self.buffer = self.source.read_at(self.base, self.window)
        self.is_at_end = len(self.buffer) < self.window

    def _set_attention(self) -> None:
        self.attention = len(self.buffer) - (0 if self.is_at_end else _MARGIN)
        if 0 <= self.frame_end < self.base + self.attention:
            self.attention = self.frame_end - self.base

    def enter_frame(self, length: int) -> None:
        """Note that a frame of `length` bytes begins here."""
        self.frame_end = self.position + length
        self._set_attention()

    def take(self, length: int) -> bytes:
        """The next `length` bytes, which must be few."""
        end = self.at + length
        if end > len(self.buffer) and not self.is_at_end:
            self.base += self.at
            self.at, end = 0, length
            self.buffer = self.source.read_at(self.base, max(length, SMALLEST_WINDOW))
            self.is_at_end = len(self.buffer) < max(length, SMALLEST_WINDOW)
            self._set_attention()
        if end > len(self.buffer):
            missing = end - len(self.buffer)
            raise self.breaks_off(f"the file breaks off: {missing:,} more bytes were announced")
        data = self.buffer[self.at : end]
        self.at = end
        return data

    def head(self, length: int) -> bytes:
        """Up to `length` of the next bytes, as far as they are in memory."""
        return self.buffer[self.at : self.at + length]

    def skip(self, length: int) -> int:
        """Pass over `length` bytes; returns the position where they begin."""
        begin = self.base + self.at
        size = self.source.size
        if size is not None and begin + length > size:
            raise self.breaks_off(
                f"{length:,} bytes are announced at byte {begin:,}, but only {size - begin:,} "
                "follow"
            )
        self.at += length
        if self.at > len(self.buffer):
            self.jump(begin + length)
        return begin

    def jump(self, position: int) -> None:
        """Go on at `position`, which lies ahead."""
        self.base = position
        self.at = 0
        self.buffer = b""
        self.window = SMALLEST_WINDOW // 4
        self.is_at_end = False
        self.attention = 0

    def land(self, position: int, piece: bytes, frame_end: int) -> None:
        """Go on at `position`, which lies ahead, in a `piece` read there of the smallest window.

        A frame that ends at `frame_end` has begun; -1 for none.
        """
        self.base = position
        self.at = 0
        self.buffer = piece
        self.window = SMALLEST_WINDOW
        self.is_at_end = len(piece) < SMALLEST_WINDOW
        self.frame_end = frame_end
        self._set_attention()

    def line(self, *, longest: int) -> tuple[int, int, bytes]:
        """The next line without its end: position, length, and up to `longest` bytes of it."""
        begin = self.position
        end = self.buffer.find(b"\n", self.at)
        if end >= 0:
            line = self.buffer[self.at : min(end, self.at + longest)]
            length = end - self.at
            self.at = end + 1
            return begin, length, line
        # Beyond the window: look through the file, window by window.
        line = self.source.read_at(begin, longest)
        at = begin
        while True:
            piece = self.source.read_at(at, LARGEST_WINDOW)
            end = piece.find(b"\n")
            if end >= 0:
                self.jump(at + end + 1)
                return begin, at + end - begin, line[: at + end - begin]
            if len(piece) < LARGEST_WINDOW:
                raise self.breaks_off("the file breaks off inside a line of text")
            at += len(piece)
            # A line of holes in a sparse file may be longer than anybody can wait for.
            self.clock.check(at)

    def breaks_off(self, what: str) -> UnreadableFile:
        """The error for a file that ends too soon.

        Raises the source's own error, where the file does not end but cannot be read further.
        """
        self.source.read_at(self.base + len(self.buffer), 1)
        place = "" if "at byte" in what else f" (at byte {self.position:,})"
        return UnreadableFile(
            what + place,
            hint="a download or copy may be unfinished: compare its size with the original's",
            offset=self.position,
        )
