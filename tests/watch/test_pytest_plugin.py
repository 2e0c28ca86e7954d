"""The plugin for pytest, in runs of pytest of its own."""

import importlib.metadata
import os
import subprocess
import sys

import pytest

SUITE = """\
import jax
import numpy as np
import pytest

import eqxview


def x(size):
    return np.ones(size, np.float32)


@jax.jit
def step(x):
    return x + 1


def test_few(compiles):
    step(x(2))
    step(x(2))
    compiles.at_most(1, step)
    compiles.at_most(1)
    assert len(compiles.of(step)) == len(compiles.of()) == 1
    assert compiles.misses == ()


def test_many(compiles):
    step(x(3))
    step(x(4))
    compiles.at_most(1, step)


@pytest.mark.max_compiles(1)
def test_few_by_mark():
    step(x(5))


@pytest.mark.max_compiles(1, step)
def test_many_by_mark():
    step(x(6))
    step(x(7))


@pytest.mark.max_compiles(5)
def test_with_an_assertion_of_its_own():
    with eqxview.assert_compiles(step, at_most=0):
        step(x(8))


@pytest.mark.max_compiles(0)
def test_with_an_error_of_its_own():
    step(x(9))
    raise KeyError("mine")


@pytest.mark.max_compiles("one")
def test_no_number():
    pass

@pytest.mark.max_compiles(1, at_most=2)
def test_an_option_too_many():
    pass
"""


def pytest_run(folder, *arguments):
    """A run of pytest, in which the plugin is there as it is for users."""
    installed = importlib.metadata.entry_points(group="pytest11", name="eqxview")
    plugin = () if installed else ("-p", "eqxview.pytest_plugin")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_suite.py").write_text(SUITE)
    done = pytest_run(folder, "-q", "--strict-markers", "-rf")
    return done.stdout + done.stderr


def test_tests_fail_that_compile_too_much_and_no_others(output):
    failed = [line.split()[1] for line in output.splitlines() if line.startswith("FAILED ")]
    assert [name.removeprefix("test_suite.py::") for name in failed] == [
        "test_many",
        "test_many_by_mark",
        "test_with_an_assertion_of_its_own",
        "test_with_an_error_of_its_own",
        "test_no_number",
        "test_an_option_too_many",
    ], output
    assert "6 failed, 2 passed" in output


def test_a_failure_shows_each_program_with_cause_and_fix(output):
    _, _, many = output.partition(" test_many ")
    many, _, by_mark = many.partition(" test_many_by_mark ")
    by_mark, *_ = by_mark.partition(" test_with_an_assertion")
    for text in (many, by_mark):
        assert "step was compiled 2 times. Expected at most 1." in text
        assert "x has another shape: " in text
        assert "fix: pad to a few sizes" in text
        assert "pytest_plugin.py" not in text
    assert ">       compiles.at_most(1, step)" in many


def test_an_error_of_the_test_goes_first(output):
    _, _, text = output.partition(" test_with_an_error_of_its_own ")
    assert "KeyError: 'mine'" in text.partition(" test_no_number ")[0]


def test_a_mark_without_a_number_says_what_is_expected(output):
    assert "as in @pytest.mark.max_compiles(1)" in output
    assert "Got 'one'." in output
    assert "Got at_most=2." in output


def test_a_run_that_does_not_use_it_imports_no_jax(tmp_path):
    (tmp_path / "test_plain.py").write_text(
        "import sys\n"
        "def test_plain(request):\n"
        "    assert request.config.pluginmanager.hasplugin('eqxview') or 'eqxview' in sys.modules\n"
        "    heavy = {'jax', 'numpy', 'textual', 'rich', 'eqxcore', 'eqxview.watching'}\n"
        "    assert not heavy & set(sys.modules)\n"
    )
    # Plugins of others may import NumPy.
    blocked = ("-p", "no:hypothesispytest", "-p", "no:jaxtyping", "-p", "no:anyio")
    done = pytest_run(tmp_path, "-q", *blocked)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_fixture_and_the_mark_are_listed(tmp_path):
    assert "eqxview" in pytest_run(tmp_path, "--markers").stdout.partition("max_compiles")[2][:200]
    assert "compiles.at_most(1, step)" in pytest_run(tmp_path, "--fixtures").stdout


def test_eqxview_needs_no_pytest():
    script = (
        "import sys; sys.modules['pytest'] = None\n"
        "import eqxview, jax, numpy as np\n"
        "with eqxview.assert_compiles(at_most=1):\n"
        "    jax.jit(lambda x: x)(np.ones(2))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
