"""Functions that run code, under the names that scanners trust or have forgotten.

A reader with a list of good or bad names gets some of these wrong. Ours has no list.
"""

import marshal
from pickle import dumps

from hostile.assemble import (
    build,
    call,
    dtype,
    get,
    group,
    integer,
    jax_array,
    mapping,
    numpy_array,
    put,
    reference,
    sequence,
    short_bytes,
    stacked_reference,
    text,
    whole,
)
from hostile.case import CANARY, MARKER, Case

COMMAND = text(f"touch {MARKER}")
CODE = text(f"open({MARKER!r}, 'w').close()")
SYSTEM = reference("os", "system")
EXEC = reference("builtins", "exec")


def builtin(name: str, *arguments: bytes) -> bytes:
    """A call of a builtin."""
    return call(reference("builtins", name), *arguments)


def module(name: str) -> bytes:
    """An imported module, as an object."""
    return call(reference("importlib", "import_module"), text(name))


def attribute(owner: bytes, *names: str) -> bytes:
    """`owner.name`, through the operator module."""
    for name in names:
        owner = call(call(reference("operator", "attrgetter"), text(name)), owner)
    return owner


def _code_object() -> bytes:
    return marshal.dumps(compile(f"open({MARKER!r}, 'w').close()", "<payload>", "exec"))


# Name, opcodes of the call, what the usual way imports for it, and whether the payload works
# on every machine (some need a module that may be gone, or a network).
_CALLS: tuple[tuple[str, bytes, str, bool], ...] = (
    ("os.system", call(SYSTEM, COMMAND), "os.system", True),
    ("posix.system", call(reference("posix", "system"), COMMAND), "posix.system", True),
    ("os.popen", call(reference("os", "popen"), COMMAND), "os.popen", True),
    ("eval", builtin("eval", CODE), "builtins.eval", True),
    ("exec", builtin("exec", CODE), "builtins.exec", True),
    ("__builtin__ eval", call(reference("__builtin__", "eval"), CODE), "eval", False),
    ("open", builtin("open", text(MARKER), text("w")), "builtins.open", True),
    ("io.open", call(reference("io", "open"), text(MARKER), text("w")), "io.open", True),
    ("__import__", builtin("__import__", text(f"{CANARY}_package")), "builtins.__import__", True),
    ("import_module", module(f"{CANARY}_package"), "importlib.import_module", True),
    (
        "subprocess.check_output",
        call(reference("subprocess", "check_output"), sequence(text("touch"), text(MARKER))),
        "subprocess.check_output",
        True,
    ),
    (
        "subprocess.getoutput",
        call(reference("subprocess", "getoutput"), COMMAND),
        "subprocess.getoutput",
        True,
    ),
    (
        "functools.partial",
        call(call(reference("functools", "partial"), SYSTEM, COMMAND)),
        "functools.partial",
        True,
    ),
    (
        "functools.reduce",
        call(reference("functools", "reduce"), SYSTEM, sequence(COMMAND), COMMAND),
        "functools.reduce",
        False,
    ),
    (
        "operator.attrgetter",
        call(attribute(module("os"), "system"), COMMAND),
        "operator.attrgetter",
        True,
    ),
    (
        "operator.methodcaller",
        call(call(reference("operator", "methodcaller"), text("system"), COMMAND), module("os")),
        "operator.methodcaller",
        True,
    ),
    (
        "operator.itemgetter of the builtins",
        call(
            call(
                call(reference("operator", "itemgetter"), text("eval")),
                attribute(module("builtins"), "__dict__"),
            ),
            CODE,
        ),
        "operator.itemgetter",
        True,
    ),
    (
        "bytes of a map",
        builtin("bytes", builtin("map", SYSTEM, sequence(COMMAND))),
        "os.system",
        True,
    ),
    (
        "list of a map",
        builtin("list", builtin("map", SYSTEM, sequence(COMMAND))),
        "os.system",
        True,
    ),
    ("set of a map", builtin("set", builtin("map", SYSTEM, sequence(COMMAND))), "os.system", True),
    (
        "frozenset of a map",
        builtin("frozenset", builtin("map", SYSTEM, sequence(COMMAND))),
        "os.system",
        True,
    ),
    (
        "bytearray of a map",
        builtin("bytearray", builtin("map", SYSTEM, sequence(COMMAND))),
        "os.system",
        True,
    ),
    ("sum of a map", builtin("sum", builtin("map", SYSTEM, sequence(COMMAND))), "os.system", True),
    (
        "deque of a map",
        call(reference("collections", "deque"), builtin("map", SYSTEM, sequence(COMMAND))),
        "collections.deque",
        True,
    ),
    (
        "OrderedDict of a map",
        call(
            reference("collections", "OrderedDict"),
            builtin("zip", builtin("map", SYSTEM, sequence(COMMAND)), sequence(integer(1))),
        ),
        "collections.OrderedDict",
        True,
    ),
    (
        "Counter of a map",
        call(reference("collections", "Counter"), builtin("map", SYSTEM, sequence(COMMAND))),
        "collections.Counter",
        True,
    ),
    (
        "starmap",
        builtin("list", call(reference("itertools", "starmap"), SYSTEM, sequence(group(COMMAND)))),
        "itertools.starmap",
        True,
    ),
    (
        "sorted with a key function",
        builtin(
            "list", call(reference("itertools", "accumulate"), sequence(COMMAND, COMMAND), EXEC)
        ),
        "itertools.accumulate",
        False,
    ),
    (
        "defaultdict whose factory runs",
        call(
            reference("operator", "getitem"),
            call(
                reference("collections", "defaultdict"),
                call(reference("functools", "partial"), SYSTEM, COMMAND),
            ),
            integer(1),
        ),
        "collections.defaultdict",
        True,
    ),
    ("runpy", call(reference("runpy", "_run_code"), CODE, mapping()), "runpy._run_code", False),
    (
        "timeit",
        call(
            reference("timeit", "timeit"), CODE, text("pass"), reference("time", "time"), integer(1)
        ),
        "timeit.timeit",
        True,
    ),
    ("cProfile.run", call(reference("cProfile", "run"), CODE), "cProfile.run", True),
    ("trace.Trace.run", call(reference("bdb", "Bdb.run"), b"N", CODE), "bdb.Bdb.run", False),
    (
        "code.InteractiveInterpreter",
        call(
            reference("code", "InteractiveInterpreter.runsource"),
            call(reference("code", "InteractiveInterpreter")),
            CODE,
        ),
        "code.InteractiveInterpreter",
        True,
    ),
    (
        "pydoc.pipepager",
        call(reference("pydoc", "pipepager"), text(""), COMMAND),
        "pydoc.pipepager",
        False,
    ),
    (
        "doctest",
        call(reference("doctest", "debug_script"), CODE),
        "doctest.debug_script",
        False,
    ),
    (
        "typing.ForwardRef",
        call(
            reference("typing", "get_type_hints"),
            call(
                reference("builtins", "type"),
                text("T"),
                group(),
                mapping((text("__annotations__"), mapping((text("a"), CODE)))),
            ),
        ),
        "typing.get_type_hints",
        True,
    ),
    (
        "pip",
        call(reference("pip._internal.cli.main", "main"), sequence(text("help"))),
        "pip",
        False,
    ),
    ("pip.main", call(reference("pip", "main"), sequence(text("help"))), "pip.main", False),
    ("ctypes", call(reference("ctypes", "CDLL"), text("libc.so.6")), "ctypes.CDLL", False),
    (
        "socket",
        call(reference("socket", "create_connection"), group(text("192.0.2.1"), integer(9))),
        "socket.create_connection",
        False,
    ),
    (
        "urlopen",
        call(reference("urllib.request", "urlopen"), text("http://192.0.2.1/")),
        "urllib.request.urlopen",
        False,
    ),
    (
        "webbrowser",
        call(reference("webbrowser", "open"), text("http://192.0.2.1/")),
        "webbrowser.open",
        False,
    ),
    ("shutil.rmtree", call(reference("shutil", "rmtree"), text("no-such")), "shutil.rmtree", False),
    (
        "a nested pickle",
        call(reference("pickle", "loads"), short_bytes(whole(call(SYSTEM, COMMAND)))),
        "pickle.loads",
        True,
    ),
    (
        "a nested pickle, four deep",
        call(
            reference("pickle", "loads"),
            short_bytes(
                whole(
                    call(
                        reference("_pickle", "loads"),
                        short_bytes(
                            whole(
                                call(
                                    reference("pickle", "_loads"),
                                    short_bytes(whole(call(SYSTEM, COMMAND))),
                                )
                            )
                        ),
                    )
                )
            ),
        ),
        "pickle.loads",
        True,
    ),
    (
        "marshal and a function made of it",
        call(
            call(
                reference("types", "FunctionType"),
                call(reference("marshal", "loads"), short_bytes(_code_object())),
                mapping(),
            )
        ),
        "marshal.loads",
        True,
    ),
    (
        "exec of marshalled code",
        call(EXEC, call(reference("marshal", "loads"), short_bytes(_code_object()))),
        "marshal.loads",
        True,
    ),
    (
        "a class made by type, with a metaclass hook",
        builtin(
            "type",
            text("Made"),
            group(reference(CANARY, "WithSubclassHook")),
            mapping(),
        ),
        "builtins.type",
        True,
    ),
    (
        "namedtuple with a default that is called",
        call(
            reference("collections", "namedtuple"),
            text("T"),
            builtin("map", SYSTEM, sequence(COMMAND)),
        ),
        "collections.namedtuple",
        True,
    ),
    (
        "copyreg._reconstructor",
        call(
            reference("copyreg", "_reconstructor"),
            reference(CANARY, "MadeByNew"),
            reference(CANARY, "MadeByNew"),
            b"N",
        ),
        "copyreg._reconstructor",
        True,
    ),
    (
        "copyreg.__newobj__",
        call(reference("copyreg", "__newobj__"), reference(CANARY, "MadeByNew")),
        "copyreg.__newobj__",
        True,
    ),
    (
        "copy_reg of Python 2",
        call(
            reference("copy_reg", "_reconstructor"),
            reference(CANARY, "MadeByNew"),
            reference("__builtin__", "object"),
            b"N",
        ),
        "copy",
        False,
    ),
    (
        "an enum by value",
        call(reference(CANARY, "MadeByCall"), integer(1)),
        f"{CANARY}.MadeByCall",
        True,
    ),
    (
        "logging handlers",
        call(reference("logging", "FileHandler"), text(MARKER)),
        "logging.FileHandler",
        True,
    ),
    (
        "pathlib.Path.touch",
        call(reference("pathlib", "Path.touch"), call(reference("pathlib", "Path"), text(MARKER))),
        "pathlib.Path",
        True,
    ),
    (
        "numpy's runstring",
        call(reference("numpy.testing._private.utils", "runstring"), CODE, mapping()),
        "numpy.testing._private.utils.runstring",
        True,
    ),
    (
        "numpy's myeval",
        call(reference("numpy.f2py.crackfortran", "myeval"), CODE),
        "numpy.f2py.crackfortran.myeval",
        True,
    ),
    (
        "numpy.load of a pickle",
        call(reference("numpy", "load"), text("no-such.npy"), b"N", b"\x88"),
        "numpy.load",
        False,
    ),
    (
        "a dotted name under jax",
        call(stacked_reference("jax._src.xla_bridge", "os.system"), COMMAND),
        "jax._src.xla_bridge",
        True,
    ),
    (
        "a dotted name under numpy",
        call(stacked_reference("numpy.ctypeslib", "os.system"), COMMAND),
        "numpy.ctypeslib",
        False,
    ),
    (
        "a dotted name through builtins",
        call(stacked_reference("builtins", "eval.__call__"), CODE),
        "builtins.eval",
        True,
    ),
    (
        "cloudpickle's subimport",
        call(reference("cloudpickle.cloudpickle", "subimport"), text(f"{CANARY}_package")),
        "cloudpickle.cloudpickle.subimport",
        True,
    ),
    (
        "cloudpickle's _make_function",
        call(
            call(
                reference("cloudpickle.cloudpickle", "_make_function"),
                call(reference("marshal", "loads"), short_bytes(_code_object())),
                mapping(),
                text("innocent"),
                b"N",
                b"N",
            )
        ),
        "cloudpickle.cloudpickle._make_function",
        True,
    ),
    (
        "cloudpickle's _make_skeleton_class",
        call(
            reference("cloudpickle.cloudpickle", "_make_skeleton_class"),
            reference("builtins", "type"),
            text("Made"),
            group(reference(CANARY, "WithSubclassHook")),
            mapping(),
            b"N",
            b"N",
        ),
        "cloudpickle.cloudpickle._make_skeleton_class",
        True,
    ),
)

# A function where an array's pickle has NumPy's `_reconstruct`: JAX calls whatever stands there.
_INNOCENT_STATE = group(
    integer(1), group(integer(1)), dtype("f4"), b"\x89", short_bytes(b"\0\0\0\0")
)
_IN_ARRAYS: tuple[tuple[str, bytes], ...] = (
    (
        "a JAX array rebuilt by os.system",
        jax_array(SYSTEM, group(COMMAND), _INNOCENT_STATE, b"\x89"),
    ),
    (
        "a JAX array whose arguments are a call",
        jax_array(
            reference("numpy._core.multiarray", "_reconstruct"),
            group(reference("numpy", "ndarray"), call(SYSTEM, COMMAND), short_bytes(b"b")),
            _INNOCENT_STATE,
            b"\x89",
        ),
    ),
    (
        "a JAX array whose state holds a call",
        jax_array(
            reference("numpy._core.multiarray", "_reconstruct"),
            group(reference("numpy", "ndarray"), group(integer(0)), short_bytes(b"b")),
            group(integer(1), group(call(SYSTEM, COMMAND)), dtype("f4"), b"\x89", short_bytes(b"")),
            b"\x89",
        ),
    ),
    (
        "a JAX array whose weak type is a call",
        jax_array(
            reference("numpy._core.multiarray", "_reconstruct"),
            group(reference("numpy", "ndarray"), group(integer(0)), short_bytes(b"b")),
            _INNOCENT_STATE,
            call(SYSTEM, COMMAND),
        ),
    ),
    (
        "a NumPy array of another class",
        build(
            call(
                reference("numpy._core.multiarray", "_reconstruct"),
                reference(CANARY, "make_array_class"),
                group(integer(0)),
                short_bytes(b"b"),
            ),
            group(integer(1), group(integer(1)), dtype("f4"), b"\x89", short_bytes(b"\0\0\0\0")),
        ),
    ),
    (
        "a NumPy object array that holds a call",
        numpy_array(group(integer(1)), dtype("O8"), sequence(call(SYSTEM, COMMAND))),
    ),
    (
        "a NumPy array whose dtype is a call",
        numpy_array(group(integer(1)), call(SYSTEM, COMMAND), short_bytes(b"\0")),
    ),
    (
        "a NumPy array whose bytes are a call",
        numpy_array(group(integer(1)), dtype("f4"), call(SYSTEM, COMMAND)),
    ),
    (
        "a NumPy scalar whose bytes are a call",
        call(reference("numpy._core.multiarray", "scalar"), dtype("f4"), call(SYSTEM, COMMAND)),
    ),
    (
        "a dtype whose metadata is a call",
        numpy_array(
            group(integer(1)),
            dtype(
                "f4",
                state=group(
                    integer(4),
                    text("<"),
                    b"N",
                    b"N",
                    b"N",
                    integer(-1),
                    integer(-1),
                    integer(0),
                    call(SYSTEM, COMMAND),
                ),
            ),
            short_bytes(b"\0\0\0\0"),
        ),
    ),
    (
        "latin1 text that is a call",
        call(reference("_codecs", "encode"), call(SYSTEM, COMMAND), text("latin1")),
    ),
)

CASES = (
    *(
        Case(
            name=f"gadget {name}",
            content=whole(opcodes),
            imports=(imported,),
            executes="call" if works else "",
        )
        for name, opcodes, imported, works in _CALLS
    ),
    *(
        Case(
            name=f"gadget {name}",
            content=whole(opcodes),
            imports=() if "another class" in name else ("os.system",),
            executes="import" if "another class" in name else "call",
        )
        for name, opcodes in _IN_ARRAYS
    ),
    Case(
        name="gadget among honest weights",
        content=whole(
            mapping(
                (
                    text("weight"),
                    numpy_array(group(integer(2)), dtype("f4"), short_bytes(bytes(8))),
                ),
                (
                    text("activation"),
                    call(call(reference("functools", "partial"), SYSTEM, COMMAND)),
                ),
            )
        ),
        imports=("os.system", "functools.partial"),
        shows=("f32[2]",),
        executes="call",
    ),
    Case(
        name="gadget kept in the memo and used later",
        content=whole(
            SYSTEM,
            put(3),
            b"0](",
            integer(1),
            get(3),
            COMMAND,
            b"\x85R",
            integer(2),
            b"e",
        ),
        imports=("os.system",),
        executes="call",
    ),
    Case(
        name="gadget in a pickle of bytes that looks like data",
        content=dumps({"data": whole(call(SYSTEM, COMMAND))}, 4),
    ),
)
