import dataclasses
import json
import subprocess
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import equinox
import optax
import pytest

from eqxview.readers import class_source
from eqxview.readers.class_source import Classes, ClassKind, FieldFacts
from eqxview.readers.class_source.known_classes import KnownClasses
from eqxview.readers.class_source.source_files import SourceFiles
from eqxview.tree import Hashing

TABLE = Path(class_source.__file__).with_name("known_classes.json")

CHILD, STATIC, UNSURE = False, True, None


@pytest.fixture
def learn(tmp_path):
    """Facts of a class from sources that the test writes; a bare name is its module `here`."""

    def write(sources):
        for name, text in sources.items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    def facts(name, /, module="here", files=(), **sources):
        write({**dict(files), **sources})
        return Classes([str(tmp_path)]).facts(module, name)

    return facts


def fields(facts):
    return [tuple(field) for field in facts.fields]


def test_the_static_fields_of_a_module_are_those_declared_so(learn):
    facts = learn(
        "Layer",
        here="""
            import dataclasses
            import equinox as eqx
            from equinox import Module, field, static_field
            from typing import ClassVar

            class Layer(Module):
                weight: object
                count: ClassVar[int] = 3
                a: int = field(static=True)
                b: int = eqx.field(static=True, converter=int)
                c: int = static_field()
                d: int = dataclasses.field(metadata={"static": True})
                e: int = dataclasses.field(metadata=dict(static=True))
                f: int = field(static=False)
                g: float = eqx.field(default=1.0)
                h: "ClassVar[int]" = 2
                bias: object = None

                def method(self):
                    local: int = 3
        """,
    )
    assert facts.kind == ClassKind.MODULE
    assert fields(facts) == [
        ("weight", CHILD),
        ("a", STATIC),
        ("b", STATIC),
        ("c", STATIC),
        ("d", STATIC),
        ("e", STATIC),
        ("f", CHILD),
        ("g", CHILD),
        ("bias", CHILD),
    ]


def test_a_field_whose_declaration_cannot_be_read_is_neither_static_nor_not(learn):
    facts = learn(
        "Layer",
        here="""
            import eqxcore as eqx
            import somewhere
            FLAG = True
            class Layer(eqx.Module):
                a: int = eqx.field(static=FLAG)
                b: int = eqx.field(**somewhere.options)
                c: int = somewhere.my_field()
                d: int = somewhere.default()
        """,
    )
    assert fields(facts) == [("a", UNSURE), ("b", UNSURE), ("c", UNSURE), ("d", CHILD)]


def test_a_helper_that_returns_the_declaration_is_followed(learn):
    facts = learn(
        "Layer",
        here="""
            import eqxcore
            from helpers import hidden
            class Layer(eqxcore.Module):
                a: int = hidden(3)
        """,
        helpers="""
            import eqxcore
            def hidden(default):
                "A field that JAX does not see."
                return eqxcore.field(static=True, default=default)
        """,
    )
    assert fields(facts) == [("a", STATIC)]


def test_fields_are_inherited_across_modules_in_the_order_of_dataclasses(learn):
    facts = learn(
        "Leaf",
        module="package.leaf",
        files={
            "package/__init__": "from .base import Base as Base",
            "package/base": """
            import eqxcore as eqx
            class Root(eqx.Module):
                first: int
                second: int = eqx.field(static=True)
            class Base(Root):
                third: int
        """,
            "package/leaf": """
            from typing import Generic, TypeVar
            import package
            T = TypeVar("T")
            class Mixin:
                not_a_field: int
            class Leaf(package.Base, Mixin, Generic[T]):
                second: int
                fourth: int
        """,
        },
    )
    assert facts.kind == ClassKind.MODULE
    assert fields(facts) == [
        ("first", CHILD),
        ("second", CHILD),
        ("third", CHILD),
        ("fourth", CHILD),
    ]


def test_bases_are_merged_as_python_resolves_them(learn):
    text = """
        import dataclasses
        @dataclasses.dataclass
        class A:
            a: int
        @dataclasses.dataclass
        class B(A):
            b: int
        @dataclasses.dataclass
        class C(A):
            c: int
        @dataclasses.dataclass
        class D(B, C):
            d: int
    """
    space = {}
    exec(textwrap.dedent(text), space)
    expected = [field.name for field in dataclasses.fields(space["D"])]
    assert [name for name, _ in fields(learn("D", here=text))] == expected == ["a", "c", "b", "d"]


@pytest.mark.parametrize(
    "text",
    [
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 0",
        "import typing as t\nclass P(t.NamedTuple):\n    x: int\n    y: int = 0",
        "import collections\nP = collections.namedtuple('P', 'x y')",
        "from collections import namedtuple\nP = namedtuple('P', 'x, y', defaults=[0])",
        "from collections import namedtuple\nP = namedtuple('P', ['x', 'y'])",
        "from typing import NamedTuple\nP = NamedTuple('P', [('x', int), ('y', int)])",
        "from collections import namedtuple\nclass P(namedtuple('Q', 'x y')):\n    z: int = 3",
        "from typing import NamedTuple\nclass Q(NamedTuple):\n    x: int\n    y: int\n"
        "class P(Q):\n    z: int = 3",
        "from other import Q as P",
    ],
)
def test_the_fields_of_a_namedtuple_have_their_names(learn, text):
    other = "from collections import namedtuple\nQ = namedtuple('Q', ('x', 'y'))"
    facts = learn("P", here=text, other=other)
    assert facts.kind == ClassKind.NAMEDTUPLE
    assert fields(facts) == [("x", CHILD), ("y", CHILD)]


@pytest.mark.parametrize(
    ("registration", "expected"),
    [
        (
            "@jax.tree_util.register_dataclass\n@dataclass",
            [("a", CHILD), ("b", STATIC), ("c", CHILD)],
        ),
        (
            "@partial(jax.tree_util.register_dataclass, data_fields=['c'], meta_fields=['a', 'b'])"
            "\n@dataclass",
            [("a", STATIC), ("b", STATIC), ("c", CHILD)],
        ),
        (
            "@partial(register_dataclass, data_fields=('c', 'a'), meta_fields=('b',))\n@dataclass",
            [("c", CHILD), ("a", CHILD), ("b", STATIC)],
        ),
    ],
)
def test_a_registered_dataclass_has_its_fields_in_the_order_of_jax(learn, registration, expected):
    facts = learn(
        "D",
        here=f"""
import jax
from jax.tree_util import register_dataclass
from functools import partial
from dataclasses import dataclass, field
{registration}
class D:
    a: int
    b: int = field(metadata={{"static": True}})
    c: int = 0
""",
    )
    assert facts.kind == ClassKind.REGISTERED
    assert fields(facts) == expected


def test_a_dataclass_of_flax_is_registered_and_its_fields_may_be_no_nodes(learn):
    facts = learn(
        "State",
        here="""
            from flax import struct
            @struct.dataclass
            class Plain:
                a: int
            class State(struct.PyTreeNode):
                params: dict
                apply: object = struct.field(pytree_node=False)
                step: int = struct.field(pytree_node=True, default=0)
        """,
    )
    assert facts.kind == ClassKind.REGISTERED
    assert fields(facts) == [("params", CHILD), ("apply", STATIC), ("step", CHILD)]
    assert learn("Plain").kind == ClassKind.REGISTERED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("class C:\n    a = 1", ClassKind.PLAIN),
        ("import threading\nclass C(threading.Thread):\n    pass", ClassKind.PLAIN),
        ("class C(dict):\n    pass", ClassKind.PLAIN),
        ("import dataclasses\n@dataclasses.dataclass\nclass C:\n    a: int", ClassKind.DATACLASS),
        ("import jax\n@jax.tree_util.register_static\nclass C:\n    a = 1", ClassKind.STATIC),
        ("import jax\n@jax.tree_util.register_pytree_node_class\nclass C: ...", ClassKind.PYTREE),
        (
            "import jax\nclass C: ...\njax.tree_util.register_pytree_node(C, None, None)",
            ClassKind.PYTREE,
        ),
        ("import away\n@away.decorated\nclass C: ...", ClassKind.UNSURE),
        ("import away\nclass C(away.Base): ...", ClassKind.UNSURE),
        ("import away\nclass C(metaclass=away.Meta): ...", ClassKind.UNSURE),
        (
            "class B:\n    def __init_subclass__(cls): ...\nclass C(B): ...",
            ClassKind.UNSURE,
        ),
    ],
)
def test_what_may_be_registered_by_something_unknown_is_not_called_a_leaf(learn, text, kind):
    assert learn("C", here=text).kind == kind


@pytest.mark.parametrize(
    ("text", "hashing"),
    [
        ("@dataclass\nclass C:\n    a: int", Hashing.UNHASHABLE),
        ("@dataclass(frozen=True)\nclass C:\n    a: int", Hashing.BY_VALUE),
        ("@dataclass(eq=False)\nclass C:\n    a: int", Hashing.BY_IDENTITY),
        ("@dataclass(unsafe_hash=True)\nclass C:\n    a: int", Hashing.BY_VALUE),
        ("class C:\n    pass", Hashing.BY_IDENTITY),
        ("class C:\n    def __eq__(self, other): ...", Hashing.UNHASHABLE),
        ("class C:\n    def __hash__(self): ...", Hashing.BY_VALUE),
        ("class B:\n    def __hash__(self): ...\nclass C(B):\n    pass", Hashing.BY_VALUE),
        ("class C(dict):\n    pass", Hashing.UNHASHABLE),
        ("class C(str):\n    pass", Hashing.BY_VALUE),
    ],
)
def test_how_an_instance_hashes_is_read_off_its_class(learn, text, hashing):
    text = f"from dataclasses import dataclass\n{text}"
    assert learn("C", here=text).hashing == hashing
    # Python itself agrees.
    space = {"__name__": "here"}
    exec(text, space)
    function = space["C"].__hash__
    live = Hashing.BY_VALUE
    if function is None:
        live = Hashing.UNHASHABLE
    elif function is object.__hash__:
        live = Hashing.BY_IDENTITY
    assert live == hashing


def test_the_members_of_an_enumeration_have_their_names_and_values(learn):
    text = """
        import enum
        class Colour(enum.Enum):
            RED = "red"
            BLUE = 2
            _plain = 1
            _ignore_ = []
            def method(self): ...
        class Number(enum.IntEnum):
            ONE = enum.auto()
            FIVE = 5
            SIX = enum.auto()
        class Bits(enum.Flag):
            A = enum.auto()
            B = enum.auto()
            C = enum.auto()
        class Word(enum.StrEnum):
            HELLO = enum.auto()
    """
    space = {"__name__": "here"}
    exec(textwrap.dedent(text), space)
    for name in ("Colour", "Number", "Bits", "Word"):
        facts = learn(name, here=text)
        assert facts.kind == ClassKind.ENUM
        live = [(member.name, member.value) for member in space[name]]
        assert list(facts.members) == live


def test_conditional_imports_take_the_branch_that_runs(learn):
    facts = learn(
        "Layer",
        here="""
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                from nowhere import Module
            else:
                from eqxcore import Module
            try:
                from eqxcore import field
            except ImportError:
                field = None
            class Layer(Module):
                a: int = field(static=True)
        """,
    )
    assert facts.kind == ClassKind.MODULE
    assert fields(facts) == [("a", STATIC)]


def test_a_class_inside_of_a_class_is_found_and_one_inside_of_a_function_is_not(learn):
    text = """
        import eqxcore as eqx
        class Outer:
            class Inner(eqx.Module):
                a: int
        def make():
            class Local(eqx.Module):
                a: int
            return Local
    """
    assert learn("Outer.Inner", here=text).kind == ClassKind.MODULE
    assert learn("make.<locals>.Local", here=text) is None


def test_nothing_is_imported_to_read_a_class(learn):
    facts = learn("C", here="raise SystemExit('imported')\nclass C: ...")
    assert facts.kind == ClassKind.PLAIN
    assert "here" not in sys.modules


@pytest.mark.parametrize(
    "module",
    ["", ".", "..here", "../here", "/etc/passwd", "here/x", "a b", "here\0", "x" * 5000, "nö/x"],
)
def test_a_module_that_is_no_dotted_name_is_not_looked_for(learn, module):
    assert learn("C", here="class C: ...", module=module) is None


def test_source_that_is_no_python_counts_as_none(learn):
    assert learn("C", here="class C(:") is None


@pytest.mark.parametrize("module", ["equinox", "optax"])
@pytest.mark.parametrize("by_table", [False, True], ids=["by source", "by the table"])
def test_every_installed_class_of_a_library_is_read_as_it_is(module, by_table, monkeypatch):
    """The source tells what the live class tells, for all of them that the table knows."""
    if not by_table:
        monkeypatch.setattr(SourceFiles, "is_installed", lambda *_: False)
    library = {"equinox": equinox, "optax": optax}[module]
    classes = Classes()
    checked = 0
    for qualified in KnownClasses():
        home, _, name = qualified.rpartition(".")
        if home.partition(".")[0] != library.__name__ or home not in sys.modules:
            continue
        live = getattr(sys.modules[home], name, None)
        if not isinstance(live, type) or live is equinox.Module:
            continue
        facts = classes.facts(home, name)
        if issubclass(live, equinox.Module):
            expected = tuple(
                FieldFacts(field.name, field.metadata.get("static", False))
                for field in dataclasses.fields(live)
            )
            assert (qualified, facts.kind) == (qualified, ClassKind.MODULE)
        elif issubclass(live, tuple):
            expected = tuple(FieldFacts(name, False) for name in live._fields)
        else:
            continue
        assert (qualified, facts.fields) == (qualified, expected)
        checked += 1
    assert checked > 60


def installed_library(folder, version):
    """A library of the table's name whose class is not what the table says."""
    (folder / "equinox" / "nn").mkdir(parents=True)
    for path in ("equinox/__init__.py", "equinox/nn/__init__.py"):
        (folder / path).touch()
    text = "import dataclasses\n@dataclasses.dataclass\nclass MLP:\n    of_source: int\n"
    (folder / "equinox" / "nn" / "_mlp.py").write_text(text)
    if version:
        (folder / f"equinox-{version}.dist-info").mkdir()


@pytest.mark.parametrize(
    ("version", "is_by_table"),
    [("the table's", True), ("0.0.1", False), ("", False)],
    ids=["the same version", "another version", "not installed, but worked on"],
)
def test_an_installed_library_is_known_by_the_table_if_the_table_is_of_its_version(
    version, is_by_table, tmp_path, monkeypatch
):
    """Parsing the source of Equinox takes longer than all else that a small model needs."""
    of_table = KnownClasses().version("equinox")
    installed_library(tmp_path, of_table if version == "the table's" else version)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    facts = Classes().facts("equinox.nn._mlp", "MLP")
    assert (facts == KnownClasses().get("equinox.nn._mlp.MLP")) == is_by_table
    assert ("of_source" in str(facts)) != is_by_table


def test_source_that_is_given_comes_before_the_table(tmp_path):
    installed_library(tmp_path, "")
    facts = Classes([str(tmp_path)]).facts("equinox.nn._mlp", "MLP")
    assert facts != KnownClasses().get("equinox.nn._mlp.MLP")


def test_a_model_of_an_installed_library_needs_no_parser():
    """`ast` and the source of twenty modules would be half of the time that such a file takes."""
    code = (
        "import sys; from eqxview.readers.class_source import Classes\n"
        "assert Classes().facts('equinox.nn._mlp', 'MLP').fields\n"
        "assert 'eqxview.readers.class_source.module_source' not in sys.modules"
    )
    if version("equinox") != KnownClasses().version("equinox"):
        pytest.skip("the table is of another version than the one installed")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_table_knows_what_is_not_installed():
    table = KnownClasses()
    facts = table.get("equinox.nn.MLP")
    assert facts.kind == ClassKind.MODULE
    assert ("use_bias", STATIC) in fields(facts)
    assert ("layers", CHILD) in fields(facts)
    adam = table.get("optax.ScaleByAdamState")
    assert fields(adam) == [("count", CHILD), ("mu", CHILD), ("nu", CHILD)]


@pytest.mark.parametrize("library", [equinox, optax], ids=["equinox", "optax"])
def test_the_table_tells_of_this_version_what_the_live_classes_tell(library):
    listed = json.loads(TABLE.read_text())[library.__name__]
    if listed["version"] != version(library.__name__):
        pytest.skip(f"the table is of {listed['version']}: write it anew, tools/known_classes.py")
    for module, classes in listed["classes"].items():
        for name in classes:
            live = getattr(sys.modules.get(module), name, None)
            if isinstance(live, type) and issubclass(live, equinox.Module):
                fields = dataclasses.fields(live)
                static = {field.name: field.metadata.get("static", False) for field in fields}
                facts = KnownClasses().get(f"{module}.{name}")
                assert (name, dict(facts.fields)) == (name, static)


def test_a_class_that_has_moved_within_its_library_is_still_known():
    assert Classes().facts("equinox.nn._somewhere_else", "Linear").kind == ClassKind.MODULE
    assert Classes().facts("somewhere_else", "Linear") is None
