"""`%load_ext eqxview` in a real IPython, without a kernel."""

import linecache

import jax.numpy as jnp
import pytest
from html_seen import Seen
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import eqxcore as eqx


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """An IPython with the extension, its history nowhere."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell.instance(user_ns={"jnp": jnp, "eqx": eqx, "LAYER": _layer()})
    shell.history_manager.enabled = False
    shell.extension_manager.load_extension("eqxview")
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


@pytest.fixture
def displayed(monkeypatch):
    """What was displayed, in order, as IPython sends it."""
    seen = []
    monkeypatch.setattr("eqxview.notebook.extension.display", seen.append)
    return seen


def _layer():
    import jax

    return eqx.nn.Linear(2, 3, key=jax.random.key(0))


def bundle(shell, x):
    data, _ = shell.display_formatter.format(x)
    return data


def recompiles(shell, cell, line=""):
    return shell.run_cell_magic("recompiles", line, cell)


TWO_SHAPES = """
@eqx.filter_jit
def doubled(x):
    return 2 * x

doubled(jnp.zeros(3))
doubled(jnp.zeros(4))
doubled(jnp.zeros(4)).shape
"""


def test_a_module_shows_itself_as_a_tree(shell):
    data = bundle(shell, _layer())
    assert ".weight" in Seen(data["text/html"]).text
    assert data["text/plain"].startswith("Linear")


def test_a_module_of_equinox_shows_itself_too(shell):
    import equinox

    data = bundle(shell, equinox.nn.Identity())
    assert "Identity" in Seen(data["text/html"]).text


def test_other_objects_print_as_they_did(shell):
    assert "text/html" not in bundle(shell, {"a": 1})


def test_without_the_extension_a_module_prints_as_it_did(shell):
    bundle(shell, _layer())
    shell.extension_manager.unload_extension("eqxview")
    assert "text/html" not in bundle(shell, _layer())
    assert shell.find_cell_magic("recompiles") is None


def test_a_cell_shows_what_was_compiled_again_and_why(shell, displayed):
    value = recompiles(shell, TWO_SHAPES)
    assert value == (4,)
    (watch,) = displayed
    (miss,) = watch.log.misses
    assert (miss.name, miss.number) == ("doubled", 2)
    (difference,) = miss.differences
    assert (difference.cause, difference.path) == ("shape", "x")
    text = Seen(watch._repr_mimebundle_()["text/html"]).text
    assert "doubled" in text
    assert "shape" in text


def test_the_sites_in_the_table_are_lines_of_the_cell(shell, displayed):
    recompiles(shell, TWO_SHAPES)
    (watch,) = displayed
    (miss,) = watch.log.misses
    assert miss.site is not None
    assert linecache.getline(miss.site.file, miss.site.line).strip() == "doubled(jnp.zeros(4))"


def test_a_site_is_named_by_its_cell_as_the_notebook_numbers_it(shell, displayed):
    shell.execution_count = 7
    recompiles(shell, TWO_SHAPES)
    assert "In[7]:8" in Seen(displayed[0]._repr_mimebundle_()["text/html"]).text


def test_a_wrong_call_is_told_without_the_way_to_finding_out(shell, capsys):
    shell.run_cell("import eqxview\neqxview.partition(LAYER, 'is_aray')")
    shown = capsys.readouterr().out
    assert "there is no predicate 'is_aray'" in shown
    assert "did you mean 'is_array'?" in shown
    assert "grammar.py" not in shown


def test_what_a_cell_defines_stays_defined(shell, displayed):
    assert recompiles(shell, "number = 3") is None
    assert shell.user_ns["number"] == 3


def test_magics_work_inside_of_the_cell(shell, displayed):
    recompiles(shell, "%config InteractiveShell.ast_node_interactivity\nwhere = %pwd")
    assert isinstance(shell.user_ns["where"], str)


def test_a_cell_that_fails_fails_and_shows_what_it_compiled(shell, displayed):
    with pytest.raises(ZeroDivisionError):
        recompiles(shell, TWO_SHAPES + "\n1 / 0\n")
    assert len(displayed[0].log.misses) == 1


def test_a_cell_that_is_no_python_fails_before_it_runs(shell, displayed):
    with pytest.raises(SyntaxError):
        recompiles(shell, "number = = 3")
    assert displayed == []


def test_an_argument_is_refused(shell, displayed):
    with pytest.raises(UsageError, match="takes no arguments, and got '--all'"):
        recompiles(shell, "1", line="--all")


def test_nothing_is_watched_after_the_cell(shell, displayed):
    recompiles(shell, TWO_SHAPES)
    assert not displayed[0].is_on
