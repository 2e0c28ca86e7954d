"""Counts how often a function is traced, and says which argument was the reason."""

import collections
import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar, overload

import jax
import jax.tree_util as jtu
import wadler_lindig as wl

from eqxcore._call_place import place_in_call
from eqxcore._function_name import function_name
from eqxcore._jit._call_form import CallForms
from eqxcore._jit._filter_jit import _JitWrapper
from eqxcore._module import BoundMethod, Module, field, module_update_wrapper
from eqxcore._partial import Partial
from eqxcore._predicates import is_array
from eqxcore._static_key import static_key
from eqxcore._trees import tree_at, tree_pformat
from eqxcore._trees._mismatch import Comparison, compare_structures, table_of

_P = ParamSpec("_P")
_T = TypeVar("_T")

_NUMBERS = (bool, int, float, complex)

# Of how many traces the arguments are kept, to compare the next one with.
_REMEMBERED = 16


class _Array:
    """What a trace knows of an array. Equal to another of the same text."""

    def __init__(self, array: Any) -> None:
        array = jax.typeof(array)
        struct = jax.ShapeDtypeStruct(array.shape, array.dtype, weak_type=array.weak_type)
        self.text = tree_pformat(struct, struct_as_array=True)
        self.strong_text = self.text.removeprefix("weak_")

    def __pdoc__(self, **kwargs: Any) -> wl.AbstractDoc:
        return wl.TextDoc(self.text)


class _Trace(NamedTuple):
    """One trace: its number, and (function, arguments, keywords) with an `_Array` for each array.

    So it keeps no array alive, and no tracer.
    """

    number: int
    call: Any


class _Traces:
    """The traces of one wrapped function, and of all copies of it that JAX makes.

    Equal to itself only, so it can be metadata of a pytree.
    """

    def __init__(self) -> None:
        self.count = 0
        self.recent: collections.deque[_Trace] = collections.deque(maxlen=_REMEMBERED)
        self.lock = threading.Lock()

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Traces":
        # What is copied on purpose is counted anew.
        return _Traces()

    def __reduce__(self) -> tuple[type["_Traces"], tuple[()]]:
        return _Traces, ()

    def __repr__(self) -> str:
        return f"<{self.count} traces>"


class _AssertMaxTraces(Module):
    """The callable behind `assert_max_traces`."""

    fn: Callable[..., Any]
    max_traces: int | None = field(static=True)
    _traces: _Traces = field(static=True, repr=False)

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self.fn

    @functools.cached_property
    def _forms(self) -> CallForms:
        return CallForms(self.fn)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        call = jtu.tree_map(
            lambda leaf: _Array(leaf) if is_array(leaf) else leaf,
            (self.fn, *self._forms.normalise(args, kwargs)),
        )
        with self._traces.lock:
            self._traces.count += 1
            trace = _Trace(self._traces.count, call)
            earlier = tuple(self._traces.recent)
            self._traces.recent.append(trace)
        if self.max_traces is not None and trace.number > self.max_traces:
            raise RuntimeError(_message(self.fn, self.max_traces, trace, earlier))
        return self.fn(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else Partial(self, instance)


@overload
def assert_max_traces(
    *, max_traces: int | None
) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]: ...
@overload
def assert_max_traces(fn: Callable[_P, _T], *, max_traces: int | None) -> Callable[_P, _T]: ...
def assert_max_traces(fn: Callable[..., Any] | None = None, *, max_traces: int | None) -> Any:
    """`fn`, which raises `RuntimeError` when it is traced more than `max_traces` times.

        @filter_jit
        @assert_max_traces(max_traces=1)
        def step(model, x): ...

    The error names each leaf of the arguments that is otherwise than in the earlier trace that is
    most alike: what it was, and what it is now. Without a limit, `max_traces=None`, traces are
    only counted, for `get_num_traces`.

    Inside of `jax.jit`, a function runs when it is traced, so what is counted are its calls. The
    order of this and `filter_jit` does not matter: either way it is traces that are counted.
    """
    if fn is None:
        return functools.partial(assert_max_traces, max_traces=max_traces)
    if isinstance(fn, _JitWrapper):
        # Its calls say nothing of its traces.
        inside = assert_max_traces(fn.fn, max_traces=max_traces)
        return tree_at(lambda jitted: jitted.fn, fn, inside)
    return module_update_wrapper(_AssertMaxTraces(fn, max_traces, _Traces()))


def get_num_traces(fn: Callable[..., Any]) -> int:
    """How often a function has been traced that `assert_max_traces` wraps, directly or within.

    Raises `ValueError` for a function that it does not wrap.
    """
    inner: Any = fn
    while inner is not None:
        if isinstance(inner, _AssertMaxTraces):
            return inner._traces.count
        if isinstance(inner, (Partial, functools.partial)):
            inner = inner.func
        elif isinstance(inner, BoundMethod):
            inner = inner.__func__
        else:
            inner = getattr(inner, "__wrapped__", None)
    raise ValueError(
        f"`get_num_traces` got {function_name(fn)}, whose traces are not counted. Wrap it when it "
        f"is defined: `assert_max_traces({function_name(fn)}, max_traces=None)`."
    )


def _message(fn: Any, allowed: int, trace: _Trace, earlier: tuple[_Trace, ...]) -> str:
    times = "once" if allowed == 1 else f"{allowed} times"
    head = (
        f"`{function_name(fn)}` is traced for the {_ordinal(trace.number)} time. Expected at most "
        f"{times}, as `assert_max_traces` says."
    )
    if not earlier:
        return head
    compared = [(_Difference(fn, before.call, trace.call), before) for before in earlier[::-1]]
    difference, before = min(compared, key=lambda pair: len(pair[0].comparison.differences))
    if not difference.comparison.differences:
        return (
            f"{head} No argument differs from those of trace {before.number}. It is traced again "
            f"where it is compiled or transformed (`jit`, `vmap`, `grad`) anew, after "
            f"`jax.clear_caches()`, and when arrays are placed on other devices."
        )
    table = table_of(
        (f"trace {before.number}", "now"),
        difference.comparison.differences,
        difference.comparison.equal,
    )
    return (
        f"{head} Of the earlier traces, this is most like trace {before.number}:\n{table}"
        f"{difference.advice()}"
    )


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


class _Difference:
    """What is otherwise in two traces."""

    def __init__(self, fn: Any, before: Any, now: Any) -> None:
        self._leaves: list[tuple[Any, Any]] = []
        self.comparison: Comparison = compare_structures(
            before,
            now,
            same_leaf=self._is_same,
            name_path=functools.partial(place_in_call, fn),
        )

    def _is_same(self, before: Any, now: Any) -> bool:
        if isinstance(before, _Array) or isinstance(now, _Array):
            same = type(before) is type(now) and before.text == now.text
        else:
            same = static_key(before) == static_key(now)
        if not same:
            self._leaves.append((before, now))
        return same

    def advice(self) -> str:
        """What to do about the first leaf that differs, on a line of its own."""
        if not self._leaves:
            return ""
        before, now = self._leaves[0]
        if isinstance(before, _Array) and isinstance(now, _Array):
            if before.strong_text == now.strong_text:
                return (
                    "\nA weakly typed array is one made of a Python number. Give it a dtype: "
                    "`jnp.asarray(x, dtype=...)`."
                )
            return "\nEach shape and dtype has a program of its own. Pad to one shape, or cast."
        if isinstance(before, _NUMBERS) or isinstance(now, _NUMBERS):
            return (
                "\nA Python number is part of the program. Hand over an array, which is an "
                "argument of it: `jnp.asarray(x)`."
            )
        if callable(now):
            return "\nFunctions are compared by identity. Make it once, outside of what calls this."
        return "\nWhatever is no array is part of the program, which is another one for each value."
