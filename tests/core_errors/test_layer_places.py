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


class Own(eqx.Module):
    weight: jax.Array

    def __call__(self, x):
        return self.weight @ x


class Two(eqx.Module):
    parts: list[Own]

    def __call__(self, x):
        for part in self.parts:
            x = part(x)
        return x


@pytest.mark.parametrize("transform", [eqx.filter_jit, eqx.filter_grad], ids=["jit", "grad"])
def test_an_error_of_jax_in_a_module_of_the_user_is_noted_with_its_place(transform):
    model = Two([Own(jnp.ones((4, 3))), Own(jnp.ones((2, 5)))])
    with pytest.raises(TypeError) as caught:
        transform(loss)(model, jnp.ones(3))
    notes = [note for note in caught.value.__notes__ if "came up" in note]
    assert notes == ["This came up in `model.parts[1]`, of class `Own`."]


def test_what_the_message_says_is_not_noted_again():
    with pytest.raises(ValueError, match="encoder") as caught:
        eqx.filter_jit(eqx.filter_grad(loss))(model_with_a_wrong_size(), jnp.ones(3))
    assert not [note for note in getattr(caught.value, "__notes__", ()) if "came up" in note]


def test_an_error_outside_of_all_modules_gets_no_note():
    with pytest.raises(ZeroDivisionError) as caught:
        eqx.filter_jit(lambda model, x: 1 / 0)(model_with_a_wrong_size(), jnp.ones(3))
    assert not [note for note in getattr(caught.value, "__notes__", ()) if "came up" in note]
