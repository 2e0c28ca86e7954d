"""A layer that fails says where it stands in the model that its callers have."""

import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx
from eqxcore import nn

KEY = jax.random.key(0)


class Model(eqx.Module):
    encoder: nn.Sequential
    head: nn.Linear

    def __call__(self, x, key=None):
        return self.head(self.encoder(x, key=key))


def model_with_a_wrong_size():
    first, relu, last = nn.Linear(3, 4, key=KEY), nn.Lambda(jax.nn.relu), nn.Linear(5, 4, key=KEY)
    return Model(nn.Sequential([first, relu, last]), nn.Linear(4, 1, key=KEY))


def loss(model, x):
    return model(x).sum()


@pytest.mark.parametrize(
    "transform",
    [
        lambda loss: loss,
        eqx.filter_jit,
        eqx.filter_grad,
        lambda loss: eqx.filter_jit(eqx.filter_value_and_grad(loss)),
        lambda loss: lambda model, x: eqx.filter_vmap(loss, in_axes=(None, 0))(model, x[None]),
    ],
    ids=["eager", "jit", "grad", "jit of grad", "vmap"],
)
def test_the_path_begins_at_the_variable_of_the_outermost_caller(transform):
    with pytest.raises(ValueError, match=r"^`Linear` \(`model\.encoder\.layers\[2\]`\) got"):
        transform(loss)(model_with_a_wrong_size(), jnp.ones(3))


def test_in_a_method_the_path_is_that_in_the_class():
    with pytest.raises(ValueError, match=r"\(`\.encoder\.layers\[2\]` of `Model`\)"):
        model_with_a_wrong_size()(jnp.ones(3))


def test_a_layer_that_nobody_holds_is_called_by_its_class():
    with pytest.raises(ValueError, match=r"^`Linear` got"):
        nn.Linear(3, 2, key=KEY)(jnp.ones(4))


def test_a_layer_that_is_the_variable_itself_is_called_by_its_class():
    layer = nn.Linear(3, 2, key=KEY)
    with pytest.raises(ValueError, match=r"^`Linear` got"):
        layer(jnp.ones(4))


def test_equal_layers_are_told_apart():
    layer, same = nn.Linear(3, 2, key=KEY), nn.Linear(3, 2, key=KEY)
    model = nn.Sequential([layer, nn.Lambda(lambda x: jnp.ones(3)), same])
    with pytest.raises(ValueError, match=r"`model\.layers\[2\]`"):
        same(jnp.ones(4))
    del model
