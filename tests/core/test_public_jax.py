"""Without the private names of JAX everything works the same, through public JAX alone."""

import os
import pathlib
import re
import subprocess
import sys

import jax
import pytest

import eqxcore
import eqxcore._jax_internals as internals

HERE = pathlib.Path(__file__).parent
ENVIRONMENT = {**os.environ, "EQXCORE_PUBLIC_JAX": "1"}


@pytest.mark.skipif(
    jax.__version_info__ < (0, 10),
    reason="an earlier JAX has other private names: filter_jit goes through jax.jit there",
)
@pytest.mark.skipif("EQXCORE_PUBLIC_JAX" in os.environ, reason="they are not to be used")
def test_this_version_of_jax_has_all_the_private_names():
    """When this fails, JAX moved something: filter_jit still works, several times slower."""
    assert internals.ArrayImpl is not None
    assert internals.PyTreeRegistry is not None
    assert internals.registered_nodes is not None
    assert internals.key_array is not None
    if jax.__version_info__ >= (0, 10):
        # Before, the program is found in Python: 30 us later for a model of 200 arrays.
        assert internals.CompiledFunction is not None


def test_the_tests_of_behaviour_pass_without_them():
    files = [
        HERE / "test_filter_jit.py",
        HERE / "test_module_pytree.py",
        HERE.parent / "core_runtime_errors" / "test_raised_at_the_call.py",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *map(str, files)],
        cwd=HERE.parent.parent,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(r"\d+ passed", done.stdout)


def test_they_can_be_forbidden_by_the_environment():
    script = (
        "import eqxcore._jax_internals as internals, eqxcore._registry as registry\n"
        "print(internals.PyTreeRegistry, internals.CompiledFunction, registry.AVAILABLE)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["None", "None", "False"]


def test_a_name_that_is_missing_is_found_out_by_its_probe(monkeypatch):
    from jax._src import pjit

    monkeypatch.delattr(pjit, "_get_fastpath_data")
    assert internals._probe(internals._find_compiled_function) is None
    monkeypatch.setattr(pjit, "_get_fastpath_data", lambda other, arguments: None, raising=False)
    assert internals._probe(internals._find_compiled_function) is None


def test_private_names_are_in_one_file_only():
    package = pathlib.Path(eqxcore.__file__).parent
    private = re.compile(r"jax\._src|\b(from|import) jaxlib|\bfrom jax import _")
    for file in package.rglob("*.py"):
        if file.name != "_jax_internals.py":
            code = re.sub(r'"""[\s\S]*?"""|#.*', "", file.read_text())
            assert not private.search(code), file
