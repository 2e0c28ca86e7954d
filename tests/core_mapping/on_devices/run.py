"""Runs every case in the files beside it on four devices, and prints what failed, as JSON.

By itself, since the number of devices is settled when JAX starts. `python run.py part_of_a_name`
runs some of them, with their tracebacks as they are.

A case waits for one program with communication before it starts the next: two at once may each
wait for threads that the other has, where cores are few.
"""

import importlib
import json
import os
import pathlib
import sys
import traceback

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

HERE = pathlib.Path(__file__).parent


def cases():
    """All cases, by the name of their file and their own."""
    sys.path.insert(0, str(HERE))
    found = {}
    for file in sorted(HERE.glob("*_cases.py")):
        module = importlib.import_module(file.stem)
        for name, value in vars(module).items():
            if getattr(value, "__module__", None) == file.stem and name.startswith("test_"):
                found[f"{file.stem}: {name}"] = value
    return found


def main():
    import jax

    jax.config.update("jax_numpy_dtype_promotion", "strict")
    jax.config.update("jax_numpy_rank_promotion", "raise")
    assert jax.device_count() == 4
    failures = {}
    for name, case in cases().items():
        if len(sys.argv) > 1 and sys.argv[1] not in name:
            continue
        try:
            case()
        except Exception:  # noqa: BLE001  it is told, whatever it is
            failures[name] = traceback.format_exc()
    if len(sys.argv) > 1:
        print(*failures.values(), sep="\n")
    else:
        print(json.dumps(failures))


if __name__ == "__main__":
    main()
