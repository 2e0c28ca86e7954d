"""The table of what is recognised. A line here, and an error is explained on every face."""

from collections.abc import Callable
from typing import NamedTuple

from eqxview.inspect.explain.carries import carry_mismatch
from eqxview.inspect.explain.devices import incompatible_devices
from eqxview.inspect.explain.explanation import Explanation
from eqxview.inspect.explain.gone import gone_arrays
from eqxview.inspect.explain.layers import layer_shapes
from eqxview.inspect.explain.not_arrays import not_arrays
from eqxview.inspect.explain.scene import Scene
from eqxview.inspect.explain.sizes import axis_sizes
from eqxview.inspect.explain.statics import arrays_in_statics, unhashable_statics
from eqxview.inspect.explain.structures import structure_mismatch
from eqxview.inspect.explain.traced import escaped_tracer, traced_value


class Refusal(NamedTuple):
    """One kind of error."""

    kind: str
    """As in `Explanation.kind`."""
    explain: Callable[[Scene], Explanation | None]
    """Its explanation; `None` where the error is of another kind."""


# First match wins. What is told by the words of JAX comes before what is told by the values
# that were on the way: an array in a static field makes several of these errors, and a layer's
# shapes are looked at last, since any error may come out of a layer.
REFUSALS: tuple[Refusal, ...] = (
    Refusal("branches-and-carries", carry_mismatch),
    Refusal("axis-sizes", axis_sizes),
    Refusal("devices", incompatible_devices),
    Refusal("gone", gone_arrays),
    Refusal("escaped-tracer", escaped_tracer),
    Refusal("traced-value", traced_value),
    Refusal("array-in-static-field", arrays_in_statics),
    Refusal("unhashable-static", unhashable_statics),
    Refusal("not-an-array", not_arrays),
    Refusal("tree-structure", structure_mismatch),
    Refusal("layer-shape", layer_shapes),
)


def recognised(scene: Scene) -> Explanation | None:
    """The explanation of the first kind that the error is of."""
    for refusal in REFUSALS:
        explanation = refusal.explain(scene)
        if explanation is not None:
            return explanation
    return None
