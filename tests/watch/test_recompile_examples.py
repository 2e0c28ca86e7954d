"""The scripts of examples/recompile: what the ledger says of each, and nothing once it is cured.

What is measured is left out of the goldens: seconds, bars and lanes. So are JAX's own operations,
which another version of JAX compiles in other numbers.
"""

import re
import runpy
from pathlib import Path

import jax
import pytest
from golden_files import check_golden

import eqxview
from eqxview.document import Bars, Document, Fact, Facts, Note, Part, Table
from eqxview.inspect.jit_cache import jit_cache
from eqxview.render.document_text import document_lines
from eqxview.watching import Log

SCRIPTS = sorted(
    (Path(__file__).parents[2] / "examples" / "recompile").glob("*.py"), key=lambda path: path.name
)


def watched(script: Path, *, cured: bool) -> Log:
    """What was compiled while `script` ran, in this process."""
    names = {"diffrax_tolerances": "diffrax", "optax_rebuilt": "optax"}
    if script.stem in names:
        pytest.importorskip(names[script.stem], reason=f"{script.name} is about this library")
    # As anybody runs it, not as strictly as our tests do.
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        main = runpy.run_path(str(script))["main"]
        with eqxview.watch() as watch:
            main(cured=cured)
    assert watch.log.failures == ()
    return watch.log


def unmeasured(document: Document) -> Document:
    """The document without what depends on the clock, or on the version of JAX."""
    return Document(document.title, tuple(map(_unmeasured, document.parts)))


def _unmeasured(part: Part) -> Part:
    if isinstance(part, Note):
        return part._replace(text=re.sub(r"\b\d+\.\d\d s\b", "0.00 s", part.text))
    if isinstance(part, Facts):
        kept = ("functions compiled", "compiled again")
        return Facts(tuple(Fact(*fact) for fact in part.rows if fact.name in kept))
    if isinstance(part, Bars) or (isinstance(part, Table) and part.columns[0].name == "name"):
        return Facts(())
    if isinstance(part, Table):
        measured = [at for at, c in enumerate(part.columns) if c.name in ("seconds", "over time")]
        return part._replace(
            columns=tuple(c for at, c in enumerate(part.columns) if at not in measured),
            rows=tuple(
                tuple(cell for at, cell in enumerate(row) if at not in measured)
                for row in part.rows
            ),
        )
    return part


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_ledger_names_what_makes_the_script_compile_again(script: Path):
    log = watched(script, cured=False)
    assert log.misses
    lines = document_lines(unmeasured(jit_cache(log).document()), width=100)
    check_golden(f"recompile/{script.stem}.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_that_is_cured_compiles_no_function_again(script: Path):
    log = watched(script, cured=True)
    assert log.misses == ()
    assert [compile.number for compile in log.compiles if compile.is_of_user] == [1]


def test_there_is_a_golden_for_each_script_and_no_other():
    goldens = (Path(__file__).parents[1] / "goldens" / "recompile").glob("*.txt")
    assert sorted(path.stem for path in goldens) == [script.stem for script in SCRIPTS]
