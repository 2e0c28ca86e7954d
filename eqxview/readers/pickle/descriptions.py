"""What the pickle machine makes of a file: descriptions, in the place of objects.

Lists, tuples, `None`, and booleans, integers, floats, short strings and short bytes are plain
Python values of exactly those types. Everything else is one of the classes below. None of
them hashes, compares or prints what the file chose, so none can be made to work hard by it,
and none looks anything up: a `Reference` is two strings.
"""

from collections.abc import Sequence


class Reference:
    """A class or function by name: what GLOBAL, STACK_GLOBAL and INST ask to be imported."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name
        """The qualified name, e.g. `Outer.Inner`. Neither string is sanitised."""


class Payload:
    """Bytes or text that stay in the file until somebody asks for them."""

    __slots__ = ("encoding", "length", "offset")

    def __init__(self, offset: int, length: int, encoding: str) -> None:
        self.offset = offset
        """Where it begins in the (decompressed) file."""
        self.length = length
        """In bytes, as stored."""
        self.encoding = encoding
        """`"bytes"`; `"text"` for UTF-8; `"latin1"` for bytes that protocol 2 and older keep
        as UTF-8 text and turn back through `_codecs.encode`."""


class DictItems:
    """A dict as pairs in the order of the file: keys are neither hashed nor compared."""

    __slots__ = ("pairs",)

    def __init__(self) -> None:
        self.pairs: list[tuple[object, object]] = []


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


class ArrayDescription:
    """An array, recognised while the file is read: a file may hold 100,000 of them."""

    __slots__ = ("data", "dtype", "is_fortran", "is_weak", "library", "problem", "shape")

    def __init__(self, library: str) -> None:
        self.library = library
        """`"jax"` or `"numpy"`."""
        self.shape: tuple[int, ...] = ()
        self.dtype: object = None
        self.is_fortran = False
        self.is_weak = False
        self.data: object = None
        """A `Payload` or `bytes`; a list of descriptions for an object array."""
        self.problem: str | None = None
        """What is wrong with it, e.g. a shape that does not fit the bytes."""


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
    | PersistentId
    | Extension
    | OutOfBandBuffer
    | Sequence[object]
)
