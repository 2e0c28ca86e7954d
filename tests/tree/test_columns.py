from eqxview.tree.columns import ArrayFacts, TreeBuilder
from eqxview.tree.kinds import Kind, Role


def synthetic(leaves):
    builder = TreeBuilder()
    root = builder.add("", -1, 0, kind=Kind.DICT, role=Role.NODE, type_name=("dict", "dict"))
    for index in range(leaves):
        builder.add(
            index,
            root,
            1,
            kind=Kind.ARRAY,
            role=Role.DYNAMIC,
            type_name=("Array", "Array"),
            array=ArrayFacts("float32", (2,), 8),
            handle=index,
        )
    return builder.finish()


def test_a_node_costs_well_under_110_bytes():
    tree = synthetic(100_000)
    columns = (getattr(tree, name) for name in ("parent", "depth", "end", "kind", "role", "flags",
               "hashing", "name", "type", "dtype", "shape", "text", "place", "nbytes", "size",
               "handle"))  # fmt: skip
    assert sum(column.itemsize * len(column) for column in columns) / len(tree) < 70


def test_strings_and_shapes_are_kept_once():
    tree = synthetic(1000)
    assert (len(tree.types), len(tree.dtypes), len(tree.shapes), len(tree.names)) == (2, 1, 1, 0)


def test_rows_beyond_one_chunk_keep_their_order():
    tree = synthetic(10_000)
    assert list(tree.handle[1:]) == list(range(10_000))
    assert tree.path(10_000) == "[9999]"
    assert tree.end[0] == 10_001


def test_find_knows_a_name_from_its_own_prefix():
    builder = TreeBuilder()
    root = builder.add("", -1, 0, kind=Kind.DICT, role=Role.NODE, type_name=("D", "D"))
    for name in (".w", ".weight"):
        builder.add(name, root, 1, kind=Kind.NUMBER, role=Role.STATIC_LEAF, type_name=("i", "i"))
    tree = builder.finish()
    assert tree.find(".weight") == 2
    assert tree.find(".w") == 1
    assert tree.find(".we") is None
    assert tree.find("") == 0


def test_a_shape_that_overflows_is_clamped():
    builder = TreeBuilder()
    builder.add(
        "",
        -1,
        0,
        kind=Kind.ARRAY,
        role=Role.DYNAMIC,
        type_name=("A", "A"),
        array=ArrayFacts("int8", (2**62, 2**62), 2**124),
    )
    tree = builder.finish()
    assert tree.size[0] == tree.nbytes[0] == 2**63 - 1


def test_a_file_may_have_any_number_of_dtypes():
    builder = TreeBuilder()
    root = builder.add("", -1, 0, kind=Kind.LIST, role=Role.NODE, type_name=("list", "list"))
    for size in range(70_000):
        builder.add(
            size,
            root,
            1,
            kind=Kind.ARRAY,
            role=Role.DYNAMIC,
            type_name=("ndarray", "numpy.ndarray"),
            array=ArrayFacts(f"|S{size}", (1,), size),
        )
    tree = builder.finish()
    assert [tree.dtype_name(row) for row in (1, 40_000, 70_000)] == ["|S0", "|S39999", "|S69999"]
