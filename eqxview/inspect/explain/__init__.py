"""What an error of JAX, Equinox or eqxcore is about: which leaf, what it is, what to write.

| file | what it holds |
|---|---|
| `explain.py` | `eqxview.explain`: of an error, or of a jitted function |
| `explanation.py` | the report on an error, and how it describes itself |
| `scene.py` | an error with everything that was on its way, while it is looked at |
| `steps.py` | the frames on the way to an error, and the expression that each was at |
| `static_value.py` | the value of an expression, found without running anything |
| `seen_call.py` | the call that a frame was at: function and arguments, as far as they are known |
| `naming.py` | what the user calls an object, and the places inside of one |
| `refusals.py` | the table of what is recognised, in order |
| `structures.py` | trees that should have had one structure |
| `carries.py` | branches and loops that returned something else |
| `statics.py` | static values that do not hash, arrays in static fields |
| `not_arrays.py` | leaves that a transformation does not take |
| `devices.py` | arguments on different devices |
| `traced.py` | Python that asked a tracer for its value, tracers that escaped |
| `gone.py` | arrays that were donated or deleted |
| `sizes.py` | axes of `vmap` that do not agree |
| `layers.py` | the layer that got a wrong shape |
| `compile_story.py` | what was compiled for one function, and why |
"""

from eqxview.inspect.explain.compile_story import CompileStory as CompileStory
from eqxview.inspect.explain.explain import explain as explain
from eqxview.inspect.explain.explain import explain_error as explain_error
from eqxview.inspect.explain.explanation import Explanation as Explanation
from eqxview.inspect.explain.explanation import Finding as Finding
