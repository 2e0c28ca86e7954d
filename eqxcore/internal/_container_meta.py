"""`ContainerMeta`: numbered names, the least that an enumeration can be."""

from typing import Any, TypeAlias

import jax.numpy as jnp

from eqxcore._predicates import is_array

# A parameter below is called `dict`, as it is for whoever passes it by name.
_Namespace: TypeAlias = dict[str, Any]


class ContainerMeta(type):
    """Numbers what a class defines: each name becomes an integer that stands for its value.

        class Fruit(metaclass=ContainerMeta):
            apple = "an apple"
            pear = "a pear"

    `Fruit.pear` is 1, `Fruit[1]` is "a pear", and `len(Fruit)` is 2. An instance is any integer, or
    integer array without axes: whether it is the number of one is not known of a tracer. What a
    base class defines is not counted.
    """

    reverse_lookup: list[Any]

    def __new__(mcs, name: str, bases: tuple[type, ...], dict: _Namespace) -> "ContainerMeta":
        if "reverse_lookup" in dict:
            raise TypeError(
                f"The class {name} defines `reverse_lookup`, which holds the values of a class "
                "made with `ContainerMeta`. Give it another name."
            )
        namespace: _Namespace = {}
        values: list[Any] = []
        for key, value in dict.items():
            if key.startswith("__") and key.endswith("__"):
                namespace[key] = value
            else:
                namespace[key] = len(values)
                values.append(value)
        return super().__new__(mcs, name, bases, {**namespace, "reverse_lookup": values})

    def __instancecheck__(cls, instance: Any) -> bool:
        if isinstance(instance, int):
            return True
        if not is_array(instance) or instance.shape != ():
            return False
        return bool(jnp.issubdtype(instance.dtype, jnp.integer))

    def __getitem__(cls, item: int) -> Any:
        return cls.reverse_lookup[item]

    def __len__(cls) -> int:
        return len(cls.reverse_lookup)
