"""What a filter does, on a small real model: everything shown is computed here and now."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp

import eqxcore as eqx
from eqxview.document import Column, Document, Table
from eqxview.inspect.jit_cache import jit_cache
from eqxview.inspect.partition_by_spec import partition
from eqxview.inspect.tree_view import TreeView
from eqxview.lesson.lesson import Step
from eqxview.tree.live import tree_of
from eqxview.watching import watch


def steps() -> Iterator[Step]:
    """The steps of the lesson."""
    model = eqx.nn.MLP(2, 1, width_size=4, depth=1, key=jax.random.key(0))
    yield Step(
        "A model is a pytree",
        "Nothing is hidden in a model: it is a tree of fields, and JAX walks it like a dict. "
        "● is a leaf that is an array. ◆ is a leaf that is not: the activation, a function. "
        "○ is a field marked static: no leaf at all, but part of the tree's structure.",
        "model = eqx.nn.MLP(2, 1, width_size=4, depth=1, key=jax.random.key(0))\n"
        "eqxview.show(model)",
        TreeView(tree_of(model)).document(),
    )

    yield Step(
        "Its leaves are what JAX sees",
        "jax.tree_util takes the tree apart into these leaves, in this order. Two of them are "
        "functions. That is why jax.jit(f)(model) and jax.grad(f)(model) refuse the model as it "
        "is: a function is no JAX type.",
        "jax.tree_util.tree_leaves_with_path(model)",
        _leaves(model),
    )

    params, static = eqx.partition(model, eqx.is_array)
    yield Step(
        "A filter sorts the leaves, and partition makes two trees of them",
        "The filter is_array is asked about every leaf. What it takes (■) goes into the first "
        "tree, everything else (□) into the second. Both trees have the shape of the model; "
        "where a leaf went into the other one, there is None.",
        "params, static = eqx.partition(model, eqx.is_array)\n"
        "eqxview.partition(model, eqx.is_array)",
        partition(model, eqx.is_array).document(),
    )
    yield Step(
        "The first half, by itself",
        "Only arrays are left, and holes (·) for the rest. None is no leaf: to JAX this tree "
        "has arrays only, so it may cross jax.jit and jax.grad.",
        "eqxview.show(params)",
        TreeView(tree_of(params)).document(),
    )

    def loss(model: eqx.nn.MLP, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((jax.vmap(model)(x) - y) ** 2)

    x, y = jnp.ones((8, 2)), jnp.zeros((8, 1))
    seen: list[list[tuple[str, str]]] = []

    @jax.jit
    def by_hand(params: eqx.nn.MLP, x: jax.Array, y: jax.Array) -> jax.Array:
        seen.append(_traced(params))
        return loss(eqx.combine(params, static), x, y)

    value = by_hand(params, x, y)
    yield Step(
        "What crosses the jit boundary",
        "Inside of the jitted function every array has become a tracer: a shape and a dtype "
        "without values. The static half never crossed; it was closed over. combine put the "
        "model together again, inside. This is all that eqx.filter_jit does for you, for any "
        "argument.\n\n"
        f"The loss is {float(value):.4f}.",
        "@jax.jit\n"
        "def by_hand(params, x, y):\n"
        "    return loss(eqx.combine(params, static), x, y)\n\n"
        "by_hand(params, x, y)",
        Document(
            "Inside of jit",
            (Table((Column("leaf", "path"), Column("inside", "code")), tuple(seen[0])),),
        ),
    )

    gradient = eqx.filter_grad(loss)(model, x, y)
    yield Step(
        "What the gradient sees",
        "filter_grad differentiates by the floating-point arrays of the first argument, and "
        "by nothing else. The gradient is a tree of the model's shape, with holes where there "
        "was nothing to differentiate: it fits the model leaf by leaf.",
        "gradient = eqx.filter_grad(loss)(model, x, y)\neqxview.show(gradient)",
        TreeView(tree_of(gradient)).document(),
    )

    spec = jax.tree_util.tree_map(lambda _: False, model)
    spec = eqx.tree_at(lambda m: (m.layers[-1].weight, m.layers[-1].bias), spec, (True, True))
    yield Step(
        "Train one layer, freeze the rest",
        "A filter may also be a tree of booleans. This one takes the last layer alone: ■ is "
        "what an optimiser would get to train, □ stays as it is.",
        "spec = jax.tree_util.tree_map(lambda _: False, model)\n"
        "spec = eqx.tree_at(lambda m: (m.layers[-1].weight, m.layers[-1].bias), spec, "
        "(True, True))\n"
        "eqxview.partition(model, spec)",
        partition(model, spec).document(),
    )

    step = eqx.filter_jit(loss)
    with watch() as log:
        for _ in range(3):
            # On purpose: a new function object each time.
            changed = eqx.tree_at(lambda m: m.activation, model, lambda v: v.clip(0))
            step(changed, x, y)
    yield Step(
        "The other side of the bargain: statics are compared",
        "Arrays may change from call to call: the program stays. A static leaf is part of the "
        "program, and another one means another program. Two lambdas are never equal, not even "
        "from the same line: this loop compiles each time, and here is which leaf did it.",
        "step = eqx.filter_jit(loss)\n"
        "with eqxview.watch():\n"
        "    for _ in range(3):\n"
        "        changed = eqx.tree_at(lambda m: m.activation, model, lambda v: v.clip(0))\n"
        "        step(changed, x, y)",
        jit_cache(log.log).document(),
    )

    whole = eqx.combine(params, static)
    same = bool(eqx.tree_equal(whole, model))
    yield Step(
        "combine undoes partition",
        "Every leaf is taken from the half that has it. "
        + ("The result equals the model." if same else "The result differs from the model!")
        + "\n\nThat is filtering: sort the leaves, let the arrays through, keep the rest aside, "
        "and put them together again.",
        "eqx.tree_equal(eqx.combine(params, static), model)",
        TreeView(tree_of(whole)).document(),
    )


def _leaves(model: eqx.Module) -> Document:
    rows = tuple(
        (
            jax.tree_util.keystr(path),
            "array" if eqx.is_array(leaf) else type(leaf).__name__,
            f"{leaf.dtype}{list(leaf.shape)}" if eqx.is_array(leaf) else eqx.tree_pformat(leaf),
        )
        for path, leaf in jax.tree_util.tree_leaves_with_path(model)
    )
    columns = (Column("leaf", "path"), Column("type"), Column("value", "code"))
    return Document("Leaves", (Table(columns, rows),))


def _traced(params: eqx.Module) -> list[tuple[str, str]]:
    return [
        (jax.tree_util.keystr(path), f"{type(leaf).__name__} {leaf.dtype}{list(leaf.shape)}")
        for path, leaf in jax.tree_util.tree_leaves_with_path(params)
    ]
