"""What `expected.json` tells of a live object, as our tree tells it of a file.

Run as a script, it prints that for the files given, as JSON; the first argument is the source
of the script that wrote some of them. It imports nothing but eqxview and Python's own.
"""

import json
import sys


def seen(tree):
    from eqxview.tree.kinds import ROLE_MARKS, Role

    shapes = {row: tree.array_shape(row) for row in tree.leaves()}
    return {
        "leaves": [
            {
                "path": tree.path(row),
                "role": ROLE_MARKS[Role(tree.role[row])].word,
                "shape": None if shape is None else list(shape),
                "dtype": tree.dtype_name(row),
            }
            for row, shape in shapes.items()
        ],
        "static_fields": sorted(
            tree.path(row) for row in range(len(tree)) if tree.role[row] == Role.STATIC_FIELD
        ),
    }


def main(script, *paths):
    from eqxview.readers import ReadOptions, open_file

    options = ReadOptions(source_dirs=(script,))
    found = {path: seen(open_file(path, options).trees[0]) for path in paths}
    loaded = [name for name in ("jax", "numpy", "equinox", "pickle") if name in sys.modules]
    print(json.dumps({"seen": found, "loaded": loaded}))


if __name__ == "__main__":
    main(*sys.argv[1:])
