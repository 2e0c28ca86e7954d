"""`python -m eqxview`, and what the `eqxview` command runs."""

if not __package__:
    # Run as a file, its folder would stand first on the import path, and our `inspect` would
    # replace Python's own.
    raise SystemExit("eqxview: this file cannot be run by its path; run: python -m eqxview")

import sys


def main() -> int:
    """Run the command line; the exit codes are in `eqxview.errors`."""
    from eqxview.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
