"""What `import eqxcore` loads and costs."""

import subprocess
import sys

HEAVY = ("equinox", "eqxview", "textual", "rich", "optax", "flax", "cloudpickle", "hypothesis")


def run(script):
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=True
    )
    return done.stdout.split()


def test_importing_loads_nothing_that_is_not_needed():
    script = (
        "import sys, jax, jax.numpy; before = set(sys.modules)\n"
        "import eqxcore; print(*(set(sys.modules) - before))"
    )
    loaded = run(script)
    assert not [name for name in HEAVY if name in loaded]
    assert "eqxcore.nn" in loaded
    # Beside ourselves: jaxtyping, wadler_lindig, and a little of the standard library.
    strangers = {name.split(".")[0] for name in loaded} - {"eqxcore"} - sys.stdlib_module_names
    assert strangers <= {"jaxtyping", "wadler_lindig", "typing_extensions", "jax", "numpy"}


def test_importing_starts_no_backend():
    script = (
        "import eqxcore\n"
        "from jax._src import xla_bridge\n"
        "print(xla_bridge.backends_are_initialized())"
    )
    assert run(script) == ["False"]
