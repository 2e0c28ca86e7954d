"""The causes of recompilation that we tell apart, with what each means and what to do.

The word is part of every log, and does not change. In a fix, `{path}` is the path of the
difference (of the first, where there are several), and `{tree}` that of the pytree around them.
"""

from typing import NamedTuple


class Cause(NamedTuple):
    """One cause: what happened to the thing at a path, and how to avoid it."""

    meaning: str
    plural: str
    """The same, said of several things."""
    fix: str = ""
    """Empty where the new program is simply another one."""


_ONCE = "make it once, outside the loop, and pass the same object"
_EQ = "give its class __eq__ and __hash__ (a frozen dataclass has them), or " + _ONCE

CAUSES: dict[str, Cause] = {
    # The type of an array.
    "shape": Cause(
        "has another shape",
        "have other shapes",
        "pad to a few sizes, or drop the last, smaller batch",
    ),
    "dtype": Cause(
        "has another dtype", "have other dtypes", "convert it before the call: {path}.astype(...)"
    ),
    "weak_type": Cause(
        "is weakly typed in one of the calls (a Python number is, an array made from one may be)",
        "are weakly typed in one of the calls (Python numbers are, arrays made from them may be)",
        "give it a dtype where it is made: jnp.asarray(..., dtype=jnp.float32)",
    ),
    "leaf-kind": Cause(
        "is an array in one call and static in another",
        "are arrays in one call and static in another",
        "make it an array in all calls",
    ),
    "prng-key": Cause(
        "is another kind of random key",
        "are other kinds of random keys",
        "make all keys with jax.random.key",
    ),
    # The structure of a pytree.
    "tree-type": Cause(
        "is another type of container",
        "are other types of container",
        "build it in the same way in all calls",
    ),
    "tree-keys": Cause("has other keys", "have other keys", "keep the same keys in all calls"),
    "tree-length": Cause(
        "has another length", "have other lengths", "keep the length, or stack into one array"
    ),
    "tree-none": Cause(
        "is None in one of the calls",
        "are None in one of the calls",
        "pass a value, or None, in all calls",
    ),
    "arity": Cause(
        "is not given in all calls",
        "are not given in all calls",
        "pass the same arguments in all calls",
    ),
    "aux-data": Cause(
        "is static, and has another value",
        "are static, and have other values",
        "make it an array if it changes often",
    ),
    "aux-identity": Cause(
        "is static, and a new object without __eq__ each time",
        "are static, and new objects without __eq__ each time",
        _EQ,
    ),
    "class-redefined": Cause(
        "is of a class that was defined again",
        "are of classes that were defined again",
        "define classes once: in a module, not in a cell or function that runs again",
    ),
    # Static values.
    "static-value": Cause(
        "is static, and has another value",
        "are static, and have other values",
        "make it an array: jnp.asarray({path})",
    ),
    "static-identity": Cause(
        "is static, and a new object without __eq__ each time",
        "are static, and new objects without __eq__ each time",
        _EQ,
    ),
    "static-nan": Cause(
        "is NaN, which equals nothing",
        "are NaN, which equals nothing",
        "use None in place of NaN, or an array",
    ),
    "static-broken-eq": Cause(
        "does not equal itself", "do not equal themselves", "repair the __eq__ of its class"
    ),
    "static-mutated": Cause(
        "is static, and was changed in place: JAX answers with what it was before",
        "are static, and were changed in place: JAX answers with what they were before",
        "make a new object in place of changing this one (a frozen dataclass cannot be changed)",
    ),
    # Functions, told apart by which object they are.
    "identity:lambda": Cause(
        "is a new lambda each time",
        "are new lambdas each time",
        "make it once, with def, outside",
    ),
    "identity:closure": Cause(
        "is a function made anew each time", "are functions made anew each time", _ONCE
    ),
    "identity:partial": Cause(
        "is a new functools.partial each time", "are new functools.partials each time", _ONCE
    ),
    "identity:bound-method": Cause(
        "is a method of a new object each time",
        "are methods of a new object each time",
        "keep the object, and use its method",
    ),
    "identity:jit-wrapper": Cause(
        "is another jitted function for the same code (copy.deepcopy makes one)",
        "are other jitted functions for the same code (copy.deepcopy makes them)",
        _ONCE,
    ),
    "identity:custom_jvp": Cause(
        "is another custom_jvp for the same code (copy.deepcopy makes one)",
        "are other custom_jvps for the same code (copy.deepcopy makes them)",
        _ONCE,
    ),
    "identity:custom_vjp": Cause(
        "is another custom_vjp for the same code (copy.deepcopy makes one)",
        "are other custom_vjps for the same code (copy.deepcopy makes them)",
        _ONCE,
    ),
    "identity:transform": Cause(
        "is transformed anew each time (jax.grad and jax.vmap make a new function)",
        "are transformed anew each time (jax.grad and jax.vmap make new functions)",
        "transform it once, outside the loop",
    ),
    "identity:instance": Cause(
        "is a new callable object each time", "are new callable objects each time", _ONCE
    ),
    "closure-value": Cause(
        "is in the closure of a function made anew, and has another value",
        "are in closures of functions made anew, and have other values",
        "make it an argument of the function (of an optax optimiser: optax.inject_hyperparams)",
    ),
    "redefined": Cause(
        "was defined again (a cell run again; a copy by cloudpickle)",
        "were defined again (a cell run again; a copy by cloudpickle)",
        "define it once, in a module",
    ),
    # How it was called.
    "call-style": Cause(
        "is positional in one call and a keyword in another",
        "are positional in one call and keywords in another",
        "write all calls in the same way",
    ),
    "default-arg": Cause(
        "is left to its default in one call and given in another",
        "are left to their defaults in one call and given in another",
        "give it in all calls",
    ),
    # Where arrays are.
    "committed": Cause(
        "is committed to a device in one call and not in another",
        "are committed to a device in one call and not in another",
        "place it before the first call: jax.device_put({tree}, device)",
    ),
    "device": Cause("is on other devices", "are on other devices", "keep it on the same devices"),
    "sharding": Cause(
        "is sharded differently",
        "are sharded differently",
        "give it the same sharding: jax.device_put({tree}, sharding)",
    ),
    "layout": Cause(
        "is laid out differently in memory", "are laid out differently in memory", "keep one layout"
    ),
    "memory-kind": Cause(
        "is in another kind of memory", "are in other kinds of memory", "keep it in the same memory"
    ),
    # JAX itself.
    "config": Cause(
        "is another setting of JAX", "are other settings of JAX", "set it once, at the start"
    ),
    "mesh": Cause("is another one", "are other ones", "enter the mesh once, around all calls"),
    "trace-context": Cause(
        "is called inside of another transformation (jax.grad, jax.vmap)",
        "are called inside of another transformation (jax.grad, jax.vmap)",
    ),
    "jit-options": Cause(
        "has other options for the same function",
        "have other options for the same function",
        "jit the function once, with one set of options",
    ),
    "cache-cleared": Cause(
        "has forgotten this call: it was cleared, or it was full",
        "have forgotten this call: they were cleared, or full",
        "do not clear it between calls",
    ),
}
