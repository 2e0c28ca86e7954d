"""What the pickle machine makes of a file: descriptions, in the place of objects.

Lists, tuples, `None`, and booleans, integers, floats, short strings and short bytes are plain
Python values of exactly those types. Everything else is one of the classes below. None of
them hashes, compares or prints what the file chose, so none can be made to work hard by it,
and none looks anything up: a `Reference` is two strings.
"""

from collections.abc import Sequence

from eqxview.tree.sanitise import sanitise


class Reference:
    """A class or function by name: what GLOBAL, STACK_GLOBAL and INST ask to be imported."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name
        """The qualified name, e.g. `Outer.Inner`. Neither string is sanitised."""


def reference_text(reference: Reference) -> str:
    """`module.name`, sanitised."""
    return f"{sanitise(reference.module)}.{sanitise(reference.name)}"


class Payload:
    """Bytes, text or a giant integer that stays in the file until somebody asks for it."""

    __slots__ = ("encoding", "head", "length", "offset")

    def __init__(self, offset: int, length: int, encoding: str, head: bytes = b"") -> None:
        self.offset = offset
        """Where it begins in the (decompressed) file."""
        self.length = length
        """In bytes, as stored."""
        self.encoding = encoding
        """What the stored bytes are:

        - `"bytes"`, `"bytearray"`: themselves
        - `"text"`: a string in UTF-8
        - `"escaped"`: a string of protocol 0, as raw-unicode-escape
        - `"escaped bytes"`: a quoted string of Python 2, with escapes
        - `"latin1"`, `"escaped latin1"`: bytes that protocols 0 to 2 keep as such a string,
          and turn back through `_codecs.encode`
        - `"int"`: an integer, little-endian two's complement
        - `"digits"`: an integer, in decimal
        """
        self.head = head
        """The first few stored bytes, to show without going back to the file."""


class DictItems:
    """A dict as pairs in the order of the file: keys are neither hashed nor compared."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[object, object]] | None = None) -> None:
        self.pairs: list[tuple[object, object]] = [] if pairs is None else pairs


class SetItems:
    """A set as a list of items: they are neither hashed nor compared."""

    __slots__ = ("is_frozen", "items")

    def __init__(self, items: list[object], *, is_frozen: bool = False) -> None:
        self.items = items
        self.is_frozen = is_frozen


class Call:
    """What REDUCE, NEWOBJ, INST and OBJ ask to be called, and what was then put into it."""

    __slots__ = ("arguments", "function", "how", "items", "keywords", "pairs", "state")

    def __init__(
        self,
        function: object,
        arguments: object,
        *,
        how: str = "call",
        keywords: "DictItems | None" = None,
    ) -> None:
        self.function = function
        """Mostly a `Reference`, but a file may put anything here."""
        self.arguments = arguments
        """Mostly a tuple, but a file may put anything here."""
        self.how = how
        """`"call"` (REDUCE), or `"new"` (an instance of the class `function`)."""
        self.keywords = keywords
        self.state: object = NO_STATE
        """What BUILD was given."""
        self.items: list[object] | None = None
        """What APPEND and APPENDS added."""
        self.pairs: list[tuple[object, object]] | None = None
        """What SETITEM and SETITEMS set."""


class NoState:
    """The state of a `Call` that no BUILD has touched (`None` is a state)."""

    __slots__ = ()


NO_STATE = NoState()


class DTypeDescription:
    """A NumPy dtype: what `numpy.dtype` was called with, and the state it was then given."""

    __slots__ = ("base", "state")

    def __init__(self, base: object) -> None:
        self.base = base
        """Mostly a code such as `f4`, or a `Reference` to a class of `ml_dtypes`."""
        self.state: tuple[object, ...] | None = None


class ArrayDescription:
    """An array, recognised while the file is read: a file may hold 100,000 of them.

    Nothing in it is trusted: `arrays.facts_of` says what it comes to.
    """

    __slots__ = (
        "array_class",
        "data",
        "dtype",
        "is_fortran",
        "is_scalar",
        "is_weak",
        "library",
        "shape",
    )

    def __init__(self, library: str) -> None:
        self.library = library
        """`"jax"` or `"numpy"`."""
        self.array_class: object = None
        """What NumPy was asked to build: mostly a `Reference` to `numpy.ndarray`."""
        self.shape: object = None
        self.dtype: object = None
        self.is_fortran = False
        self.is_scalar = False
        self.is_weak = False
        self.data: object = None
        """A `Payload` or `bytes`; a list of descriptions for an object array; `None` while the
        file has not come to it."""


class BrokenOff:
    """The place where a broken file's contents end."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


class PersistentId:
    """An object kept outside of the file, under a name."""

    __slots__ = ("identifier",)

    def __init__(self, identifier: object) -> None:
        self.identifier = identifier


class Extension:
    """A number of the extension registry, which the reading process would look up."""

    __slots__ = ("code",)

    def __init__(self, code: int) -> None:
        self.code = code


class OutOfBandBuffer:
    """Bytes that protocol 5 keeps outside of the file."""

    __slots__ = ("index", "is_readonly")

    def __init__(self, index: int) -> None:
        self.index = index
        self.is_readonly = False


Description = (
    Reference
    | Payload
    | DictItems
    | SetItems
    | Call
    | ArrayDescription
    | DTypeDescription
    | BrokenOff
    | PersistentId
    | Extension
    | OutOfBandBuffer
    | Sequence[object]
)
