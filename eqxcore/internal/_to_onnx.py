"""`to_onnx`: a function as an ONNX model."""

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.tree_util as jtu

from eqxcore._predicates import is_array

from ._finalise import finalise_fn


def to_onnx(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns `fn`, at the shapes of the arguments it is called with, as ONNX.

        model = to_onnx(lambda x, y: x + y)(jnp.array(1.0), jnp.array(2.0))
        onnx.save(model, "sum.onnx")

    `fn` takes and returns arrays, in any pytrees. It goes by way of TensorFlow and tf2onnx, and so
    works only with versions of JAX that can translate a program to TensorFlow's own operations:
    0.6 does, 0.10 does not.

    Raises `ImportError`, saying what to install, without TensorFlow and tf2onnx; `RuntimeError`
    if JAX does not translate; `TypeError` if an argument is no array.
    """

    def export(*args: Any) -> Any:
        leaves, treedef = jtu.tree_flatten(args)
        others = [leaf for leaf in leaves if not is_array(leaf)]
        if others:
            raise TypeError(
                f"`to_onnx` got {others[0]!r} among the arguments of the function. Expected "
                "arrays only, since they are inputs of the model: close over the rest, as in "
                "`to_onnx(lambda x: fn(x, 'rest'))(x)`."
            )

        jax2tf, tensorflow, tf2onnx = _libraries()

        def of_leaves(*leaves: Any) -> Any:
            return jtu.tree_leaves(finalise_fn(fn)(*treedef.unflatten(leaves)))

        with warnings.catch_warnings():
            # Both that this way of converting will go, which is noticed below when it has.
            warnings.simplefilter("ignore", DeprecationWarning)
            converted = jax2tf.convert(of_leaves, enable_xla=False, native_serialization=False)
        signature = [
            tensorflow.TensorSpec(leaf.shape, tensorflow.as_dtype(jax.typeof(leaf).dtype))
            for leaf in leaves
        ]
        graph = tensorflow.function(converted, autograph=False)
        operations = graph.get_concrete_function(*signature).graph.get_operations()
        if any(operation.type == "XlaCallModule" for operation in operations):
            raise RuntimeError(
                f"JAX {jax.__version__} exports a function to TensorFlow as one opaque program of "
                "XLA. Expected TensorFlow's own operations, which are all that tf2onnx knows. "
                "Export with an earlier version: `pip install 'jax<0.7'`."
            )
        model, _ = tf2onnx.convert.from_function(graph, input_signature=signature)
        return model

    return export


def _libraries() -> tuple[Any, Any, Any]:
    try:
        import tensorflow  # type: ignore[import-not-found]
        import tf2onnx  # type: ignore[import-not-found]
        from jax.experimental import jax2tf
    except ImportError as error:
        raise ImportError(
            f"`to_onnx` needs what is not installed ({error}). Expected TensorFlow, tf2onnx, and "
            "a JAX that has `jax.experimental.jax2tf`. Install them with "
            "`pip install tensorflow tf2onnx`."
        ) from error
    return jax2tf, tensorflow, tf2onnx
