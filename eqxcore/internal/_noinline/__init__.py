"""`noinline`: a function compiled by itself, whatever is around it.

| file | idea |
|---|---|
| `_noinline.py` | `noinline`, and the pytree that it returns |
| `_primitive.py` | what such a call is in a traced program, and how it is transformed |
| `_program.py` | what is called: arguments, results, and the transformations to apply |
| `_transforms.py` | those transformations |
| `_functions.py` | the functions, by number |
| `_on_host.py` | the call from within a running program |
"""

from ._noinline import noinline as noinline
from ._on_host import clear_programs as clear_programs
from ._primitive import noinline_p as noinline_p
