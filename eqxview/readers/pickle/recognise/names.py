"""Names of what a file refers to, as they are called today."""

from typing import NamedTuple

from eqxview.readers.described.descriptions import Call, Reference


class Name(NamedTuple):
    """A module, and a qualified name in it. Neither is sanitised."""

    module: str
    name: str

    @property
    def qualified(self) -> str:
        """The two with a dot between them."""
        return f"{self.module}.{self.name}"

    @property
    def last(self) -> str:
        """The part after the last dot: `__name__`."""
        return self.name.rpartition(".")[2]


# Protocols 0 to 2 use the names of Python 2; pathlib moved about in 3.13.
_MODULES = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "pathlib._local": "pathlib",
    "_collections": "collections",
}
_NAMES = {"unicode": "str", "long": "int", "xrange": "range"}


_BUILTIN_TYPE = ("cloudpickle.cloudpickle", "_builtin_type")


def name_of(description: object) -> Name | None:
    """What a class or function is called that the file names; `None` for anything else.

    cloudpickle names those of `types` by a call of its own.
    """
    if type(description) is not Reference:
        return _name_in_types(description) if type(description) is Call else None
    module = description.module
    today = _MODULES.get(module)
    if today is None:
        return Name(module, description.name)
    name = description.name
    return Name(today, _NAMES.get(name, name) if module == "__builtin__" else name)


def _name_in_types(call: Call) -> Name | None:
    function = call.function
    if type(function) is not Reference or (function.module, function.name) != _BUILTIN_TYPE:
        return None
    arguments = arguments_of(call)
    name = arguments[0] if len(arguments) == 1 else None
    return Name("types", name) if type(name) is str else None


def called(call: Call) -> str:
    """The qualified name of the function that `call` calls, `""` where it has none."""
    name = name_of(call.function)
    return "" if name is None else name.qualified


def arguments_of(call: Call) -> tuple[object, ...]:
    """The positional arguments; empty where the file has put something else there."""
    return call.arguments if type(call.arguments) is tuple else ()


_LOWER_CASE_CLASS_NAMES = """
bool bytearray bytes complex dict enumerate filter float frozenset int list map memoryview object
property range reversed set slice staticmethod classmethod str super tuple type zip
deque defaultdict date time datetime timedelta timezone array count cycle chain partial
bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 int_ intc intp uint uintc uintp
float16 float32 float64 longdouble complex64 complex128 clongdouble bfloat16 str_ bytes_ void
object_ datetime64 timedelta64 ndarray dtype generic number integer inexact floating character
flexible signedinteger unsignedinteger complexfloating half single double byte short ubyte ushort
longlong ulonglong int2 int4 uint2 uint4
"""
_LIBRARIES_OF_LOWER_CASE = """
builtins collections datetime array itertools functools numpy jax ml_dtypes
"""
_LOWER_CASE_CLASSES = frozenset(_LOWER_CASE_CLASS_NAMES.split())
_HAVE_LOWER_CASE = frozenset(_LIBRARIES_OF_LOWER_CASE.split())


def is_class_name(name: Name) -> bool:
    """Whether the name is that of a class: by the custom of capitals, where nothing else tells."""
    last = name.last.lstrip("_")
    if last in _LOWER_CASE_CLASSES or last.startswith(("float8_", "float4_", "float6_")):
        return name.module.partition(".")[0] in _HAVE_LOWER_CASE
    return last[:1].isupper()
