"""Every refused program is explained: which leaf, what is there, and what to write instead."""

import dataclasses
import functools
import linecache
import re

import equinox
import jax
import pytest
from golden_files import check_golden
from refused_programs import CASES, map_over_a_half, mask_of_an_argument

import eqxcore
import eqxview
from eqxview.inspect.explain import explain_error

# Inside of jit JAX up to 0.9 takes away the frames of layers too, and only their words are left.
FRAMES_ARE_TAKEN = jax.version.__version_info__ < (0, 10)


def run_name(case):
    return case.run.__name__


LIBRARIES = pytest.mark.parametrize("eqx", [eqxcore, equinox], ids=["eqxcore", "equinox"])
ALL_CASES = pytest.mark.parametrize("case", CASES, ids=[case.run.__name__ for case in CASES])


@pytest.fixture(autouse=True)
def _no_warnings_of_equinox(recwarn):
    """Equinox warns of arrays in static fields, which is what some programs are about."""


@functools.cache
def explained(run, eqx):
    with pytest.raises(Exception) as caught:  # noqa: PT011  each program has an error of its own
        run(eqx)
    return explain_error(caught.value)


def error_of(run):
    try:
        run(eqxcore)
    except Exception as error:  # noqa: BLE001  each program has an error of its own
        return error
    raise AssertionError("the program was to be refused")


def numbered(text):
    """Without the numbers of lines, and without what each version of JAX calls a memory."""
    return re.sub(r"memory_kind=\w+", "memory_kind=M", re.sub(r"(\w\.py):\d+", r"\1:N", text))


@ALL_CASES
@LIBRARIES
@pytest.mark.filterwarnings("ignore")
def test_the_explanation_names_the_place_both_sides_and_the_fix(case, eqx):
    explanation = explained(case.run, eqx)
    assert explanation.kind == case.kind
    found = {f.path: (f.before, numbered(f.after)) for f in explanation.findings}
    found = {path: tuple(map(numbered, sides)) for path, sides in found.items()}
    if case.path == "config['names']":
        # A set has no order of its own.
        assert case.path in found
    else:
        after = case.after
        if case.kind == "layer-shape" and FRAMES_ARE_TAKEN and eqx is eqxcore:
            after = after.replace("f32[3]", "shape (3,)") if "filtered" in run_name(case) else after
        assert found.get(case.path) == (case.before, after), found
    assert case.fix in explanation.fix
    assert explanation.site is not None
    assert explanation.site.file.endswith("refused_programs.py")
    assert explanation.code


@ALL_CASES
@pytest.mark.filterwarnings("ignore")
def test_the_explanation_reads_as_its_golden(case):
    """What JAX says itself differs from version to version, and is left out."""
    if FRAMES_ARE_TAKEN and run_name(case) == "layer_in_a_filtered_jit":
        pytest.skip("this JAX takes the frames of layers away: what they hold cannot be shown")
    if jax.version.__version_info__ < (0, 8) and run_name(case) == "jit_with_other_shardings":
        pytest.skip("JAX 0.6 prints a sharding in other words")
    explanation = explained(case.run, eqxcore)
    report = dataclasses.replace(explanation, message="…", error="Error", came_from=())
    from eqxview.render.document_text import document_lines

    text = "\n".join(document_lines(report.document(), width=100)) + "\n"
    text = text.replace("{'b', 'a'}", "{'a', 'b'}")
    check_golden(f"explain/{case.run.__name__}.txt", numbered(text))


@pytest.mark.parametrize("mode", ["off", "tracebackhide", "remove_frames", "quiet_remove_frames"])
def test_it_does_not_matter_how_much_of_its_frames_jax_leaves(mode):
    """In a notebook JAX leaves its frames where they are, in a script it takes them away."""
    before = jax.config.jax_traceback_filtering
    jax.config.update("jax_traceback_filtering", mode)
    try:
        for case in CASES:
            if case.run.__name__ in (
                "update_inside_of_jit",
                "grad_of_a_model",
                "layer_in_a_filtered_jit",
                "branch_in_a_filtered_jit",
                "map_over_in_axes",
            ):
                explanation = explain_error(error_of(case.run))
                assert explanation.kind == case.kind
                assert case.path in {found.path for found in explanation.findings}
                assert case.fix in explanation.fix
    finally:
        jax.config.update("jax_traceback_filtering", before)


def test_a_half_of_a_partition_is_told_as_one():
    explanation = explained(map_over_a_half, eqxcore)
    document = str(eqxview.explain(error_of(map_over_a_half)))
    assert explanation.kind == "tree-structure"
    assert "params has None where the other has leaves" in document


def test_a_mask_has_no_argument_to_name_and_still_a_fix():
    explanation = explained(mask_of_an_argument, eqxcore)
    assert explanation.kind == "traced-value"
    assert "jnp.where(mask, x, 0)" in explanation.fix
    assert "x[x > 0]" in explanation.summary


@ALL_CASES
@pytest.mark.filterwarnings("ignore")
def test_without_any_frame_the_words_of_the_error_are_still_read(case):
    """As of an error that came from another process, or was kept without its traceback."""
    error = error_of(case.run).with_traceback(None)
    error.__cause__ = error.__context__ = None
    explanation = explain_error(error)
    assert explanation.site is None
    assert explanation.kind in (case.kind, "") or case.kind == "array-in-static-field"


def test_of_both_libraries_the_fix_names_the_one_in_the_line():
    program = """
import jax, equinox, eqxcore as eqx
model = eqx.nn.MLP(2, 2, 2, 1, key=jax.random.key(0))
def by_jax(): jax.grad(lambda m: m.layers[0].bias.sum())(model)
def by_equinox(): jax.grad(equinox.filter_jit(lambda m: m.layers[0].bias.sum()))(model)
"""
    names = {}
    linecache.cache["<both>"] = (len(program), None, program.splitlines(keepends=True), "<both>")
    exec(compile(program, "<both>", "exec"), names)
    for run, library in ((names["by_jax"], "eqx"), (names["by_equinox"], "equinox")):
        with pytest.raises(TypeError) as caught:
            run()
        assert explain_error(caught.value).fix.startswith(f"{library}.filter_grad in place")
