"""The causes of recompilation that we tell apart, with what each means and what to do.

The word is part of every log, and does not change. `{path}` and `{after}` are those of the
difference.
"""

from typing import NamedTuple


class Cause(NamedTuple):
    """One cause: what happened to the thing at a path, and how to avoid it."""

    meaning: str
    fix: str = ""
    """Empty where the new program is simply another one."""


_ONCE = "make it once, outside the loop, and pass the same object"

CAUSES: dict[str, Cause] = {
    # The type of an array.
    "shape": Cause("has another shape", "pad to a few sizes, or drop the last, smaller batch"),
    "dtype": Cause("has another dtype", "convert it before the call: {path}.astype(...)"),
    "weak_type": Cause(
        "is weakly typed in one of the calls (a Python number is, an array made from one may be)",
        "give it a dtype where it is made: jnp.asarray(..., dtype=jnp.float32)",
    ),
    "leaf-kind": Cause(
        "is an array in one call and static in another", "make it an array in all calls"
    ),
    "prng-key": Cause("is another kind of random key", "make all keys with jax.random.key"),
    # The structure of a pytree.
    "tree-type": Cause("is another type of container", "build it in the same way in all calls"),
    "tree-keys": Cause("has other keys", "keep the same keys in all calls"),
    "tree-length": Cause("has another length", "keep the length, or stack into one array"),
    "tree-none": Cause("is None in one of the calls", "pass a value, or None, in all calls"),
    "arity": Cause("is not given in all calls", "pass the same arguments in all calls"),
    "aux-data": Cause("is static, and has another value", "make it an array if it changes often"),
    "aux-identity": Cause(
        "is static, and a new object without __eq__ each time",
        "give its class __eq__ and __hash__ (a frozen dataclass has them), or " + _ONCE,
    ),
    "class-redefined": Cause(
        "is of a class that was defined again",
        "define classes once: in a module, not in a cell or function that runs again",
    ),
    # Static values.
    "static-value": Cause("is static, and has another value", "make it an array: jnp.asarray(...)"),
    "static-identity": Cause(
        "is static, and a new object without __eq__ each time",
        "give its class __eq__ and __hash__ (a frozen dataclass has them), or " + _ONCE,
    ),
    "static-nan": Cause("is NaN, which equals nothing", "use None in place of NaN, or an array"),
    "static-broken-eq": Cause("does not equal itself", "repair the __eq__ of its class"),
    "static-mutated": Cause(
        "is static, and was changed in place: JAX answers with what it was before",
        "make a new object in place of changing this one (a frozen dataclass cannot be changed)",
    ),
    # Functions, told apart by which object they are.
    "identity:lambda": Cause("is a new lambda each time", "make it once, with def, outside"),
    "identity:closure": Cause("is a function made anew each time", _ONCE),
    "identity:partial": Cause("is a new functools.partial each time", _ONCE),
    "identity:bound-method": Cause(
        "is a method of a new object each time", "keep the object, and use its method"
    ),
    "identity:jit-wrapper": Cause(
        "is another jitted function for the same code (copy.deepcopy makes one)", _ONCE
    ),
    "identity:custom_jvp": Cause(
        "is another custom_jvp for the same code (copy.deepcopy makes one)", _ONCE
    ),
    "identity:custom_vjp": Cause(
        "is another custom_vjp for the same code (copy.deepcopy makes one)", _ONCE
    ),
    "identity:transform": Cause(
        "is transformed anew each time (jax.grad and jax.vmap make a new function)",
        "transform it once, outside the loop",
    ),
    "identity:instance": Cause("is a new callable object each time", _ONCE),
    "closure-value": Cause(
        "is in the closure of a function made anew, and has another value",
        "make it an argument of the function (of an optax optimiser: optax.inject_hyperparams)",
    ),
    "redefined": Cause(
        "was defined again (a cell run again; a copy by cloudpickle)", "define it once, in a module"
    ),
    # How it was called.
    "call-style": Cause(
        "is positional in one call and a keyword in another", "write all calls in the same way"
    ),
    "default-arg": Cause(
        "is left to its default in one call and given in another", "give it in all calls"
    ),
    # Where arrays are.
    "committed": Cause(
        "is committed to a device in one call and not in another",
        "place it before the first call: jax.device_put({path}, device)",
    ),
    "device": Cause("is on other devices", "keep it on the same devices"),
    "sharding": Cause("is sharded differently", "give it the same sharding: jax.device_put"),
    "layout": Cause("is laid out differently in memory", "keep one layout"),
    "memory-kind": Cause("is in another kind of memory", "keep it in the same memory"),
    # JAX itself.
    "config": Cause("is another setting of JAX", "set it once, at the start"),
    "mesh": Cause("is another one", "enter the mesh once, around all calls"),
    "trace-context": Cause("is called inside of another transformation (jax.grad, jax.vmap)"),
    "jit-options": Cause(
        "has other options for the same function", "jit the function once, with one set of options"
    ),
    "cache-cleared": Cause(
        "has forgotten this call: it was cleared, or it was full", "do not clear it between calls"
    ),
}
