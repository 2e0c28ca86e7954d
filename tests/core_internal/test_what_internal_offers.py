"""The names of `eqxcore.internal`, and what is there for tests, documentation and export."""

import inspect
import os
import subprocess
import sys

import equinox.internal as reference
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import wadler_lindig as wl

import eqxcore
import eqxcore as eqx
import eqxcore.internal as eqxi
import eqxview

X = jnp.arange(3.0)

NAMES = sorted(name for name in vars(reference) if not name.startswith("_"))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_reference_is_there_with_its_parameters(name):
    theirs, ours = getattr(reference, name), getattr(eqxi, name)
    assert isinstance(ours, type) == isinstance(theirs, type)
    if not callable(theirs) or getattr(eqx, name, None) is ours:
        return  # or compared where `eqxcore` itself is
    try:
        expected = inspect.signature(theirs).parameters
        found = inspect.signature(ours).parameters
    except (TypeError, ValueError):  # primitives and metaclasses have none
        return
    assert list(found) == list(expected)
    for parameter in expected:
        assert found[parameter].kind == expected[parameter].kind
        has_default = expected[parameter].default is not inspect.Parameter.empty
        assert (found[parameter].default is not inspect.Parameter.empty) == has_default


def test_the_version_is_that_of_the_distribution():
    assert eqxcore.__version__ == eqxview.__version__
    assert eqxcore.internal is eqxi


@pytest.mark.parametrize("jit", [jax.jit, eqx.filter_jit])
def test_what_is_not_used_is_not_computed(jit):
    def unused(x):
        eqxi.assert_dce({"a": x, "b": "text"}, "it was computed")
        return x + 1

    np.testing.assert_array_equal(jit(unused)(X), X + 1)


def test_what_is_used_although_it_must_not_be_is_an_error():
    used = eqx.filter_jit(lambda x: eqxi.assert_dce(x, "it was computed") + 1)
    with pytest.raises(eqx.EquinoxRuntimeError, match="it was computed"):
        used(X)
    allowed = eqx.filter_jit(lambda x: eqxi.assert_dce(x, "it was computed", on_error="off") + 1)
    np.testing.assert_array_equal(allowed(X), X + 1)


def test_outside_of_jit_everything_is_computed_and_nothing_is_said():
    assert eqxi.assert_dce(X, "it was computed") is X
    assert eqx.filter_jit(lambda: eqxi.assert_dce(("text",), "message"))() == ("text",)


def test_keys_are_those_of_the_reference_and_never_the_same():
    ours, theirs = eqxi.GetKey(3), reference.GetKey(3)
    first = ours()
    np.testing.assert_array_equal(first, theirs())
    np.testing.assert_array_equal(ours(), theirs())
    assert not np.array_equal(first, ours())
    assert "seed=3, call=3" in repr(ours)
    assert eqxi.GetKey().seed != eqxi.GetKey().seed


@pytest.mark.slow
def test_the_seed_of_keys_is_taken_from_the_environment():
    code = "import eqxcore.internal as i; print(i.GetKey().seed)"
    environment = {**os.environ, "EQX_GETKEY_SEED": "17"}
    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "17"


def documented(a, b=1, c=2):
    return a, b, c


def test_signatures_and_reprs_are_changed_for_documentation_only(monkeypatch):
    sentinel = object()
    assert eqxi.doc_repr(sentinel, "sentinel") is sentinel
    assert eqxi.doc_remove_args("b")(documented) is documented
    assert list(inspect.signature(documented).parameters) == ["a", "b", "c"]
    monkeypatch.setattr("typing.GENERATING_DOCUMENTATION", True, raising=False)
    monkeypatch.setattr(documented, "__signature__", inspect.signature(documented), raising=False)
    assert repr(eqxi.doc_repr(sentinel, "sentinel")) == "sentinel"
    assert eqxi.doc_remove_args("b", "unknown")(documented) is documented
    assert list(inspect.signature(documented).parameters) == ["a", "c"]
    assert documented(0) == (0, 1, 2)


@pytest.mark.parametrize("short_arrays", [True, False])
@pytest.mark.parametrize("struct_as_array", [True, False])
def test_leaves_are_laid_out_as_in_tree_pformat(short_arrays, struct_as_array):
    tree = {"a": X, "b": jax.ShapeDtypeStruct((2,), jnp.float32), "c": [1, np.ones(2)]}
    custom = eqxi.TreeWLCustom(lambda node: False, short_arrays, struct_as_array)
    expected = eqx.tree_pformat(
        tree, width=200, short_arrays=short_arrays, struct_as_array=struct_as_array
    )
    assert wl.pformat(tree, width=200, custom=custom, short_arrays=short_arrays) == expected
    cut = eqxi.TreeWLCustom(lambda node: isinstance(node, list), True, False)
    assert "list(...)" in wl.pformat(tree, custom=cut)


def test_exporting_without_the_libraries_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ImportError, match="pip install tensorflow tf2onnx"):
        eqxi.to_onnx(lambda x: x + 1)(X)


def test_a_model_takes_arrays_only():
    with pytest.raises(TypeError, match="'how' among the arguments"):
        eqxi.to_onnx(lambda x, how: x)(X, "how")
