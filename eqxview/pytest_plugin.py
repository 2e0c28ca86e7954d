"""For pytest: the fixture `compiles`, and the mark `max_compiles`. It comes with the installation.

    def test_training_compiles_one_program(compiles):
        train(steps=3)
        compiles.at_most(1, train_step)

    @pytest.mark.max_compiles(2)
    def test_training(): ...

A test run that uses neither imports nothing of JAX.
"""

# The one file that imports pytest, and it must cost next to nothing: it is loaded in every test
# run of every project of an environment that eqxview is installed in.

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from eqxview.watching import Compile, Log
    from eqxview.watching.assertion import CompileCounter

_MARK = "max_compiles"


class Compiles:
    """What has been compiled since the test began, in any thread."""

    def __init__(self, counter: "CompileCounter") -> None:
        self._counter = counter

    def at_most(self, number: int, function: Callable[..., Any] | None = None) -> None:
        """Fails the test when more was compiled so far: each compilation with cause and fix.

        Counts the programs of `function`, or of all functions that users have jitted.
        """
        __tracebackhide__ = True
        from eqxview.watching.assertion import check_at_most
        from eqxview.watching.jitted import Jitted

        jitted = None if function is None else Jitted(function)
        check_at_most(self._counter, function, jitted, number)

    def of(self, function: Callable[..., Any] | None = None) -> "tuple[Compile, ...]":
        """The compilations so far of `function`, or of all functions that users have jitted."""
        from eqxview.watching.jitted import Jitted

        return self._counter.compiles(None if function is None else Jitted(function))

    @property
    def misses(self) -> "tuple[Compile, ...]":
        """Those so far of functions that had been compiled before."""
        return self.log.misses

    @property
    def log(self) -> "Log":
        """Everything that was compiled so far."""
        return self._counter.log()

    def __repr__(self) -> str:
        return "\n".join([f"<{len(self.of())} compiled>", *(f"  {each}" for each in self.of())])


@pytest.fixture
def compiles() -> Generator[Compiles, None, None]:
    """What is compiled while the test runs: `compiles.at_most(1, step)` fails it for more."""
    from eqxview.watching.assertion import CompileCounter

    counter = CompileCounter()
    counter.start()
    try:
        yield Compiles(counter)
    finally:
        counter.stop()


def pytest_configure(config: pytest.Config) -> None:
    """Makes the mark known."""
    config.addinivalue_line(
        "markers",
        f"{_MARK}(n, function=None): fail the test if it compiles more than n programs, of all "
        "jitted functions or of one (eqxview).",
    )


if pytest.version_tuple >= (8, 0):

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
        """Counts what a test compiles that has the mark."""
        mark = item.get_closest_marker(_MARK)
        if mark is None:
            return (yield)
        number, function = _arguments(*mark.args, **mark.kwargs)
        from eqxview.watching.assertion import TooManyCompiles, assert_compiles

        limit = assert_compiles(function, at_most=number)
        try:
            with limit:
                return (yield)
        except TooManyCompiles as error:
            if error.compiles != limit.compiles:
                raise  # the test has an assertion of its own
            text = str(error)
        # There is no line of the test's to show.
        return pytest.fail(text, pytrace=False)

else:  # older ones know no wrappers of this kind, and are to run all the same

    def pytest_runtest_setup(item: pytest.Item) -> None:
        """Says that the mark does not work."""
        if item.get_closest_marker(_MARK) is not None:
            pytest.fail(
                f"the mark {_MARK} needs pytest 8 or later; the fixture `compiles` does not"
            )


def _arguments(n: Any = None, function: Any = None, **others: Any) -> tuple[int, Any]:
    if type(n) is not int or n < 0 or others:
        got = ", ".join(f"{name}={value!r}" for name, value in others.items()) or repr(n)
        pytest.fail(
            f"expected a number of compilations, as in @pytest.mark.{_MARK}(1), and perhaps the "
            f"jitted function that they are of. Got {got}.",
            pytrace=False,
        )
    return n, function
