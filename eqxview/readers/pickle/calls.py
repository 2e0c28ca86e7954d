"""What a call or a state in a pickle stands for: the few that we can describe better than that.

Each entry of `CALLS` knows the arguments that one function is called with by an honest file,
and describes the result. With other arguments, and for every other function, the result is a
plain `Call`: nothing here depends on a name being harmless, since nothing is ever called.
"""

import codecs
from collections.abc import Callable

from eqxview.readers.described.descriptions import (
    NO_STATE,
    ArrayDescription,
    Call,
    DictItems,
    DTypeDescription,
    Payload,
    Reference,
    SetItems,
)
from eqxview.readers.described.dtypes import STRING_DTYPE
from eqxview.readers.pickle.array_runs import BufferRun, JaxRun, NumpyRun
from eqxview.readers.pickle.arrays import fill_array, jax_array, numpy_buffer, numpy_scalar
from eqxview.readers.pickle.machine import Machine, Shortcut

_MAKE_CLASSES = ("_builtin_type", "_make_skeleton_class", "_make_skeleton_enum")
_CLOUDPICKLE = ("cloudpickle.cloudpickle", "cloudpickle.cloudpickle_fast")


def called(machine: Machine, function: object, arguments: object) -> object:
    """What calling `function` would give, as a description."""
    if type(function) is Reference and type(arguments) is tuple:
        describe = CALLS.get((function.module, function.name))
        if describe is not None:
            described = describe(machine, arguments)
            if described is not None:
                if type(described) is ArrayDescription and machine.shortcuts is not None:
                    _expect_more(machine.shortcuts, function, describe, arguments)
                return described
    elif not _is_class_by_value(function):
        machine.record.warn(
            "the pickle calls something that is no named function, e.g. what another call returned"
        )
    return Call(function, arguments)


def _is_class_by_value(function: object) -> bool:
    """Whether cloudpickle calls a class that the file itself describes, or one of `types`."""
    return (
        type(function) is Call
        and type(function.function) is Reference
        and function.function.module in _CLOUDPICKLE
        and function.function.name
        in ("_builtin_type", "_make_skeleton_class", "_make_skeleton_enum")
    )


def built(machine: Machine, target: object, state: object) -> None:
    """Give `target` the state that BUILD brings."""
    if type(target) is Call:
        if target.state is not NO_STATE:
            machine.record.warn("an object is given a state twice: the first is not shown")
        target.state = state
    elif type(target) is ArrayDescription and target.data is None:
        if type(state) is tuple and len(state) in (4, 5):
            fill_array(target, *state[-4:])
    elif type(target) is DTypeDescription:
        if type(state) is tuple:
            target.state = state
    else:
        # The class is one of ours or of Python's: its name is safe to show.
        machine.record.warn(f"a {type(target).__name__} is given a state: it is not shown")


def _expect_more(
    shortcuts: dict[int, Shortcut],
    function: Reference,
    describe: "_Describe",
    arguments: "_Arguments",
) -> None:
    """Where there is one array, there are more: read the next ones at once."""
    # The record keeps every reference, so that its identity stays its own.
    if id(function) not in shortcuts:
        if describe is _jax_array and type(arguments[0]) is Reference:
            shortcuts[id(function)] = JaxRun(arguments[0])
        elif describe is _reconstruct:
            shortcuts[id(function)] = NumpyRun()
        elif describe is _buffer:
            shortcuts[id(function)] = BufferRun()


_Arguments = tuple[object, ...]


def _reconstruct(machine: Machine, arguments: _Arguments) -> object | None:
    """NumPy's empty array, which BUILD then fills."""
    if len(arguments) != 3 or type(arguments[0]) is not Reference:
        return None
    array = ArrayDescription("numpy")
    array.array_class = arguments[0]
    return array


def _buffer(machine: Machine, arguments: _Arguments) -> object | None:
    return numpy_buffer(*arguments) if len(arguments) == 4 else None


def _scalar(machine: Machine, arguments: _Arguments) -> object | None:
    return numpy_scalar(*arguments) if len(arguments) == 2 else None


def _dtype(machine: Machine, arguments: _Arguments) -> object | None:
    return DTypeDescription(arguments[0]) if arguments else None


def _string_dtype(machine: Machine, arguments: _Arguments) -> object | None:
    return DTypeDescription(STRING_DTYPE)


def _jax_array(machine: Machine, arguments: _Arguments) -> object | None:
    if len(arguments) != 4:
        return None
    function, inner, state, aval = arguments
    # JAX calls `function`, whatever it is. Anything but NumPy's own is no array of ours.
    if (
        type(function) is not Reference
        or CALLS.get((function.module, function.name)) is not _reconstruct
        or type(inner) is not tuple
        or len(inner) != 3
    ):
        machine.record.warn("an array of JAX is to be made by a function that is not NumPy's")
        return None
    return jax_array(inner[0], state, aval)


def _encode(machine: Machine, arguments: _Arguments) -> object | None:
    """Bytes that protocols 0 to 2 keep as text."""
    if len(arguments) != 2 or arguments[1] not in ("latin1", "latin-1"):
        return None
    text = arguments[0]
    if type(text) is str:
        try:
            return codecs.latin_1_encode(text)[0]
        except UnicodeEncodeError:
            return None
    if type(text) is Payload and text.encoding in ("text", "escaped"):
        encoding = "latin1" if text.encoding == "text" else "escaped latin1"
        return Payload(text.offset, text.length, encoding, text.head)
    return None


def _bytes(machine: Machine, arguments: _Arguments) -> object | None:
    return None if arguments else b""


def _set(machine: Machine, arguments: _Arguments) -> object | None:
    # The list itself, not a copy: a file may ask for a million sets of the same list.
    if len(arguments) == 1 and type(arguments[0]) is list:
        return SetItems(arguments[0])
    return None


def _frozenset(machine: Machine, arguments: _Arguments) -> object | None:
    if len(arguments) == 1 and type(arguments[0]) is list:
        return SetItems(arguments[0], is_frozen=True)
    return None


def _complex(machine: Machine, arguments: _Arguments) -> object | None:
    if len(arguments) == 2 and all(type(part) is float for part in arguments):
        return complex(*arguments)  # pyright: ignore[reportArgumentType]
    return None


def _reconstructor(machine: Machine, arguments: _Arguments) -> object | None:
    """How protocols 0 and 1 make an object: of a class, and of the built-in type below it."""
    if len(arguments) != 3:
        return None
    cls, base, content = arguments
    if type(base) is not Reference:
        return None
    if base.name == "object":
        return Call(cls, (), how="new")
    if base.name == "tuple" and type(content) is tuple:
        return Call(cls, content, how="new")
    call = Call(cls, (), how="new")
    if base.name == "dict" and type(content) is DictItems:
        call.pairs = content.pairs
    elif base.name == "list" and type(content) is list:
        call.items = content
    else:
        call.arguments = (content,)
    return call


def _newobj(machine: Machine, arguments: _Arguments) -> object | None:
    return Call(arguments[0], arguments[1:], how="new") if arguments else None


def _newobj_ex(machine: Machine, arguments: _Arguments) -> object | None:
    if len(arguments) != 3 or type(arguments[2]) is not DictItems:
        return None
    return Call(arguments[0], arguments[1], how="new", keywords=arguments[2])


def _state_setter(machine: Machine, arguments: _Arguments) -> object | None:
    """cloudpickle's own BUILD for the functions and classes that it keeps by value."""
    if len(arguments) != 2 or type(arguments[0]) is not Call:
        return None
    built(machine, arguments[0], arguments[1])
    return arguments[0]


_Describe = Callable[[Machine, _Arguments], object | None]


def _table() -> dict[tuple[str, str], _Describe]:
    table: dict[tuple[str, str], _Describe] = {}

    def add(describe: _Describe, names: str, *modules: str) -> None:
        for module in modules:
            for name in names.split():
                table[module, name] = describe

    # NumPy 2 and 1 keep them in different places, and so did JAX over the years.
    add(_reconstruct, "_reconstruct", "numpy._core.multiarray", "numpy.core.multiarray")
    add(_buffer, "_frombuffer", "numpy._core.numeric", "numpy.core.numeric")
    add(_scalar, "scalar", "numpy._core.multiarray", "numpy.core.multiarray")
    add(_dtype, "dtype", "numpy")
    add(_string_dtype, "_convert_to_stringdtype_kwargs", "numpy._core._internal")
    add(_jax_array, "_reconstruct_array", "jax._src.array")
    add(
        _jax_array,
        "reconstruct_device_array _reconstruct_device_array",
        "jax._src.device_array",
        "jax.interpreters.xla",
    )
    add(_encode, "encode", "_codecs")
    builtins = ("builtins", "__builtin__")
    add(_bytes, "bytes", *builtins)
    add(_set, "set", *builtins)
    add(_frozenset, "frozenset", *builtins)
    add(_complex, "complex", *builtins)
    copyreg = ("copyreg", "copy_reg")
    add(_reconstructor, "_reconstructor", *copyreg)
    add(_newobj, "__newobj__", *copyreg)
    add(_newobj_ex, "__newobj_ex__", *copyreg)
    add(
        _state_setter,
        "_class_setstate _function_setstate",
        *_CLOUDPICKLE,
    )
    return table


CALLS = _table()
"""Module and name of a function, and how to describe what it returns."""
