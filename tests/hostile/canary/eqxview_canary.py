"""Everything here leaves a trace: the marker file, made on import and on any use."""


def touch(*arguments: object, **keywords: object) -> None:
    """Make the marker."""
    with open("touched", "a") as marker:
        marker.write(f"{arguments!r}\n")


touch("import")


class Plain:
    """No more than a `__dict__`, and a property that notices when it is set."""

    @property
    def watched(self) -> None:
        """Nothing."""

    @watched.setter
    def watched(self, value: object) -> None:
        touch(value)


class MadeByNew:
    """Notices `cls.__new__`."""

    def __new__(cls, *arguments: object, **keywords: object) -> "MadeByNew":
        touch(*arguments)
        return super().__new__(cls)


class MadeByCall:
    """Notices `cls()`."""

    def __init__(self, *arguments: object) -> None:
        touch(*arguments)


class WithSetState:
    """Notices BUILD."""

    def __setstate__(self, state: object) -> None:
        touch(state)


class WithSubclassHook:
    """Notices that a class is made below it."""

    def __init_subclass__(cls) -> None:
        touch(cls)


class Hashed:
    """Notices that it is hashed."""

    def __hash__(self) -> int:
        touch("hash")
        return 0


class Catcher:
    """Notices what is put into it."""

    append = extend = update = add = __setitem__ = touch


def make_array_class(*arguments: object) -> None:
    """Notices that it is called."""
    touch(*arguments)
