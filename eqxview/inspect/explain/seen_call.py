"""The call that a frame was at: its function and its arguments, as far as they are known."""

import ast
import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from eqxview.inspect.explain.static_value import UNKNOWN, Scope, static_value
from eqxview.inspect.explain.steps import Step
from eqxview.watching.function_mark import base_of

_MAX_TEXT = 60


@dataclass(slots=True)
class Argument:
    """An argument as it is written. Refers to its value: not to be kept."""

    text: str
    value: Any
    """`UNKNOWN` where finding it would mean to run something."""
    keyword: str = ""
    """The name that it is given by; empty for one that is given by its place."""
    parameter: str = ""
    """The parameter that it is for; empty where that is not known."""
    is_named: bool = True
    """Whether it is written as a name, an attribute, an item: not as something to be made."""

    @property
    def label(self) -> str:
        """What to call it: its own name, or that of the parameter that it was made for."""
        return self.text if self.is_named or not self.parameter else self.parameter

    @property
    def is_known(self) -> bool:
        """Whether its value was found."""
        return self.value is not UNKNOWN


@dataclass(slots=True)
class SeenCall:
    """A call as it is written, or an operator with its operands."""

    text: str
    """What is called: `jax.tree.map`, `step`, `jax.grad(loss)`."""
    function: Any
    arguments: list[Argument]
    transform: str = ""
    """The last name of what made the function in the same line: `grad` of `jax.grad(loss)(x)`."""
    options: dict[str, Any] = field(default_factory=dict)
    """What was given to that by name, and its value; by the empty name its function."""
    made_of: str = ""
    """How that function is written: `loss`."""

    @property
    def name(self) -> str:
        """The last name of what is called: `map` of `jax.tree.map`."""
        return self.text.rpartition(".")[2]

    @property
    def known(self) -> list[Argument]:
        """The arguments whose values were found."""
        return [argument for argument in self.arguments if argument.is_known]

    def positional(self) -> list[Argument]:
        """The arguments that are given by their place."""
        return [argument for argument in self.arguments if not argument.keyword]


def seen_call(step: Step) -> SeenCall | None:
    """The call, operator or subscript that `step` was at; `None` for anything else."""
    node, scope = step.node, step.scope
    if isinstance(node, ast.BinOp | ast.Compare):
        operands = [node.left, node.right] if isinstance(node, ast.BinOp) else _compared(node)
        return SeenCall("", UNKNOWN, [_argument(operand, scope) for operand in operands])
    if not isinstance(node, ast.Call):
        return None
    function = static_value(node.func, scope)
    arguments = [a for given in node.args for a in _given(given, scope)]
    arguments += (
        _argument(given.value, scope, given.arg) for given in node.keywords if given.arg is not None
    )
    call = SeenCall(text_of(node.func), function, arguments)
    if isinstance(node.func, ast.Call):
        made = node.func
        call.transform = text_of(made.func).rpartition(".")[2]
        call.options = {
            given.arg: static_value(given.value, scope)
            for given in made.keywords
            if given.arg is not None
        }
        if made.args:
            call.options[""] = static_value(made.args[0], scope)
            call.made_of = text_of(made.args[0])
    _name_parameters(call, node)
    return call


def complete(call: SeenCall, inner: Step) -> None:
    """Fill in values from the frame that the call went into, where that keeps them as `*args`.

    For wrappers of the two libraries, which do not give the name to anything else.
    """
    code = inner.frame.f_code
    if not code.co_flags & inspect.CO_VARARGS:
        return
    values = inner.local(code.co_varnames[code.co_argcount + code.co_kwonlyargcount])
    given = call.positional()
    if isinstance(values, tuple) and len(values) == len(given):
        for argument, value in zip(given, values, strict=True):
            if not argument.is_known:
                argument.value = value


def text_of(node: ast.expr) -> str:
    """An expression as one would write it, cut where it is long."""
    text = ast.unparse(node)
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def _compared(node: ast.Compare) -> list[ast.expr]:
    return [node.left, *node.comparators]


def _argument(node: ast.expr, scope: Scope, keyword: str = "") -> Argument:
    is_named = isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
    return Argument(text_of(node), static_value(node, scope), keyword, is_named=is_named)


def _given(node: ast.expr, scope: Scope) -> Iterator[Argument]:
    if not isinstance(node, ast.Starred):
        yield _argument(node, scope)
        return
    value = static_value(node.value, scope)
    if isinstance(value, tuple | list):
        text = text_of(node.value)
        yield from (Argument(f"{text}[{at}]", item) for at, item in enumerate(value))
    else:
        # How many there are is not known: the places of those behind are not, either.
        yield Argument(text_of(node), UNKNOWN)


def _name_parameters(call: SeenCall, node: ast.Call) -> None:
    """Say for each argument which parameter it is for."""
    names = _parameters(call, node)
    starred = any(isinstance(given, ast.Starred) for given in node.args)
    for at, argument in enumerate(call.arguments):
        if argument.keyword:
            argument.parameter = argument.keyword
        elif at < len(names) and not starred:
            argument.parameter = names[at]


def _parameters(call: SeenCall, node: ast.Call) -> list[str]:
    """The names of the parameters that are given by place."""
    made = node.func
    if isinstance(made, ast.Call) and made.args and isinstance(made.args[0], ast.Lambda):
        written = made.args[0].args
        return [parameter.arg for parameter in (*written.posonlyargs, *written.args)]
    function = call.options.get("", UNKNOWN) if call.transform else call.function
    if function is UNKNOWN:
        return []
    base = base_of(function)
    if not isinstance(base, types.FunctionType):
        # What an object is called by is written in its class.
        base = inspect.getattr_static(type(base), "__call__", None)
        skipped = 1
    else:
        skipped = int(isinstance(function, types.MethodType))
    if not isinstance(base, types.FunctionType):
        return []
    code = base.__code__
    return list(code.co_varnames[skipped : code.co_argcount])
