"""Modules: dataclasses that are pytrees.

| file | idea |
|---|---|
| `_module.py` | `Module` |
| `_metaclass.py` | makes a class a Module class, and constructs its instances |
| `_field.py` | `field`: static fields, converters |
| `_abstract.py` | `AbstractVar`, `AbstractClassVar` |
| `_strict.py` | `StrictConfig`, of old code |
| `_init.py` | the `__init__` of a class that does not write one |
| `_recipe.py` | how instances are constructed and checked |
| `_window.py` | when fields may be assigned |
| `_warnings.py` | values that are legal and hardly ever meant |
| `_layout.py` | how a class is a pytree |
| `_storage.py` | where fields are kept, and what is remembered beside them |
| `_remembering.py` | how what is remembered is worked out |
| `_saving.py` | pickling and copying |
| `_state.py` | the fields as they are pickled |
| `_method.py` | bound methods that are pytrees |
| `_wrapper_names.py` | `module_update_wrapper` |
| `_declared.py` | where a field is declared |
| `_missing_argument.py` | how to make the key that is missing |
| `_unhashable.py` | which static field does not hash |
| `_naming.py` | the names that JAX gives a Module |
"""

from ._abstract import AbstractClassVar as AbstractClassVar
from ._abstract import AbstractVar as AbstractVar
from ._field import field as field
from ._field import static_field as static_field
from ._method import BoundMethod as BoundMethod
from ._module import Module as Module
from ._strict import StrictConfig as StrictConfig
from ._wrapper_names import module_update_wrapper as module_update_wrapper
