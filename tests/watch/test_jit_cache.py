"""The report on a log: sums, functions, and each reason once."""

import subprocess
import sys

import pytest
from golden_files import check_golden
from hypothesis import given
from test_log import logs

from eqxview.document import Note, Table
from eqxview.inspect.jit_cache import jit_cache
from eqxview.render.document_json import document_object
from eqxview.render.document_text import document_lines
from eqxview.watching import Compile, Difference, Log, Seconds, Site


def _site(line: int, file: str = "/home/me/train.py") -> Site:
    return Site(file, line, "main")


def compiled(number: int, at: float, *differences: Difference, **others: object) -> Compile:
    values = {
        "name": "train_step",
        "kind": "function",
        "number": number,
        "seconds": Seconds(0.1, 0.1, 0.3),
        "site": _site(41),
        "source": _site(12),
        "at": at,
        "leaves": 214,
        "differences": differences,
        **others,
    }
    return Compile(**values)  # type: ignore[arg-type]


LAMBDA = Difference(
    "model.layers[1].act",
    "identity:lambda",
    "<lambda at model.py:12>",
    "a new object",
    _site(12, "/home/me/model.py"),
)
SHAPE = Difference("batch", "shape", "[32,8]", "[7,8]")

LOG = Log(
    (
        compiled(1, 1.0),
        compiled(2, 2.0, LAMBDA),
        compiled(3, 3.0, LAMBDA),
        compiled(4, 4.0, LAMBDA, site=_site(55)),
        compiled(5, 5.0, SHAPE),
        compiled(1, 6.0, name="evaluate", source=_site(30), from_disk=True),
        compiled(1, 7.0, name="broadcast_in_dim", kind="operation", source=None, leaves=1),
        compiled(1, 8.0, name="evaluate", kind="other", source=None, leaves=0),
    ),
    seconds=10.0,
    jax="0.10.2",
)


def test_the_report_reads_like_this():
    text = "\n".join(document_lines(jit_cache(LOG).document())) + "\n"
    check_golden("jit_cache.txt", text)


def test_repeated_reasons_are_one():
    first, second = jit_cache(LOG).repeated
    assert (first.count, first.seconds, first.differences) == (3, pytest.approx(1.5), (LAMBDA,))
    assert [site.line for site in first.sites] == [41, 55]
    assert (second.count, second.differences) == (1, (SHAPE,))


def test_causes_and_seconds_add_up_for_each_function():
    train, evaluate = jit_cache(LOG).functions
    assert (train.name, train.compiles, train.misses) == ("train_step", 5, 4)
    assert train.seconds == pytest.approx(2.5)
    assert train.causes == (("identity:lambda", 3), ("shape", 1))
    assert (evaluate.name, evaluate.misses, evaluate.causes) == ("evaluate", 0, ())


def test_two_functions_of_one_name_are_two():
    log = Log((compiled(1, 1.0), compiled(1, 2.0, source=_site(99))), 3.0)
    assert len(jit_cache(log).functions) == 2


def test_a_lane_says_when_it_was():
    log = Log((compiled(1, 12.0, seconds=Seconds(0, 0, 6.0)),), 24.0)
    (function,) = jit_cache(log).functions
    # Six seconds up to the twelfth: one character is one second here.
    assert function.lane == "·" * 6 + "█" * 6 + "·" * 12


def test_many_differences_of_one_miss_are_shown_in_part_and_counted():
    many = tuple(Difference(f"model[{i}]", "dtype", "float32", "bfloat16") for i in range(200))
    parts = jit_cache(Log((compiled(1, 1.0), compiled(2, 2.0, *many)), 3.0)).document().parts
    table = next(p for p in parts if isinstance(p, Table) and p.title == "Compiled again")
    assert len(table.rows) < 20
    assert any("192 more" in str(row) for row in table.rows)
    (note,) = (part for part in parts if isinstance(part, Note))
    assert "model[0], model[1] and 198 more have other dtypes" in note.text
    assert "float32 → bfloat16 (all)" in note.text


def test_what_could_not_be_explained_is_said_first():
    log = Log((), 1.0, is_explained=False, failures=("LookupError('x')",), jax="99")
    notes = [part for part in jit_cache(log).document().parts if isinstance(part, Note)]
    assert "JAX 99" in notes[0].text
    assert "watch.wrap" in notes[0].hint
    assert notes[1].level == "error"


@given(logs)
def test_every_log_has_a_report(log: Log):
    report = jit_cache(log)
    assert sum(function.compiles for function in report.functions) == sum(
        compile.kind == "function" for compile in log.compiles
    )
    assert list(document_lines(report.document(), width=80))
    document_object(report.document())


def test_a_log_is_read_and_reported_on_without_jax():
    code = (
        "import sys\n"
        "from eqxview.watching import Log\n"
        "from eqxview.inspect.jit_cache import jit_cache\n"
        "jit_cache(Log()).document()\n"
        "assert not {'jax', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
