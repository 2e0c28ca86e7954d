"""The one family of errors that eqxview shows its users, and the exit codes they end in.

Every error is one line that says what happened, where, and what was expected, and a *hint*:
what to do about it, as a command or a line of code to paste where there is one.

| code | meaning |
|------|---------|
| 0 | the answer is on standard output |
| 1 | eqxview itself failed: a bug, please report it |
| 2 | the file could not be read, or only in part (the readable part is shown) |
| 3 | something optional is not installed; the message names the extra |
| 4 | `eqxview diff`: the two differ |
| 5 | `eqxview diff`: no difference found, but not everything could be compared |
| 64 | the command line was wrong, or names a place that cannot be written |
| 130 | interrupted from the keyboard |
"""

EXIT_OK = 0
EXIT_BUG = 1
EXIT_UNREADABLE = 2
EXIT_MISSING_EXTRA = 3
EXIT_DIFFERENT = 4
EXIT_UNDECIDED = 5
EXIT_USAGE = 64
EXIT_INTERRUPTED = 130


class EqxviewError(Exception):
    """What went wrong (`str(error)`), and what to do about it (`error.hint`)."""

    exit_code: int = EXIT_BUG

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        if hint:
            # A traceback shows it too: in a script or a notebook nobody prints `error.hint`.
            self.add_note(f"hint: {hint}")


class UnreadableFile(EqxviewError):
    """A file that cannot be opened, is not what it says, or breaks off."""

    exit_code = EXIT_UNREADABLE

    def __init__(self, message: str, *, hint: str = "", offset: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.offset = offset
        """Byte offset in the (decompressed) file, or `None` where no byte is to blame."""


class LimitExceeded(UnreadableFile):
    """A file that asks for more than the reader's limits allow."""


class MissingExtra(EqxviewError):
    """A feature whose library is not installed; the hint is the command that installs it."""

    exit_code = EXIT_MISSING_EXTRA

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(
            f"{what} needs the optional extra '{extra}'",
            hint=f'install it with: python -m pip install "eqxview[{extra}]"',
        )
        self.extra = extra
        """Name of the extra, as in `eqxview[extra]`."""


class UsageError(EqxviewError):
    """A command line that asks for something we do not know."""

    exit_code = EXIT_USAGE
