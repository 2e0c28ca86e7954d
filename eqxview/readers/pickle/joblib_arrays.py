"""Arrays in a file of joblib: their bytes lie between the opcodes, where no pickle has any."""

from eqxview.readers.described.array_types import array_type
from eqxview.readers.described.descriptions import (
    ArrayDescription,
    Call,
    DictItems,
    Payload,
    Reference,
)
from eqxview.readers.pickle.machine import Machine


def is_joblib_array(call: Call) -> bool:
    """Whether the bytes of an array follow the BUILD of `call`."""
    function = call.function
    return (
        type(function) is Reference
        and function.name == "NumpyArrayWrapper"
        and function.module.endswith("joblib.numpy_pickle")
    )


def joblib_array(machine: Machine, call: Call) -> ArrayDescription:
    """The array whose bytes come next; the machine then goes on behind them."""
    state = call.state.pairs if type(call.state) is DictItems else []
    attributes = {key: value for key, value in state if type(key) is str}
    array = ArrayDescription("numpy")
    array.array_class = attributes.get("subclass")
    array.shape = attributes.get("shape")
    array.dtype = attributes.get("dtype")
    array.is_fortran = attributes.get("order") == "F"
    kind = array_type(array.dtype, array.shape)
    if kind.problem is not None:
        raise machine.damaged(f"the bytes of an array follow, but {kind.problem}")
    tape = machine.tape
    if tape.frame_end == tape.position:
        tape.frame_end = -1
    if kind.dtype.is_object:
        array.data = _objects(machine)
        return array
    if kind.dtype.item_size is None:
        raise machine.damaged("the bytes of an array follow, but their dtype is not known")
    if attributes.get("numpy_array_alignment_bytes") is not None:
        tape.skip(tape.take(1)[0])
    array.data = Payload(tape.skip(kind.nbytes), kind.nbytes, "bytes")
    return array


def _objects(machine: Machine) -> object:
    """The items of an object array: a whole pickle of its own stands between the opcodes."""
    if machine.is_inner:
        raise machine.damaged("a pickle stands in a pickle that stands in a pickle")
    inner = Machine(
        machine.tape.source,
        start=machine.tape.position,
        limits=machine.limits,
        clock=machine.clock,
        record=machine.record,
        opcodes=machine.opcodes,
        shortcuts=False,
        is_inner=True,
    )
    root = inner.run(machine.table)
    machine.opcodes = inner.opcodes
    machine.tape.jump(inner.tape.position)
    return root.data if type(root) is ArrayDescription else root
