"""JAX speaks of the arrays of a filtered jit by the names that the user has for them."""

import jax
import jax.numpy as jnp
import pytest

import eqxcore as eqx


class Scaled(eqx.Module):
    factor: jax.Array

    @eqx.filter_jit
    def jitted_method(self, x):
        return x if jnp.sum(self.factor) > 0 else -x

    def method(self, x, *, options):
        return x if options["low"] > 0 else -x


def told(call):
    with pytest.raises(jax.errors.ConcretizationTypeError) as caught:
        call()
    _, _, argument = str(caught.value).partition("value of the argument ")
    return argument.split("\n")[0].rstrip(".")


def test_an_array_inside_of_a_model_is_told_by_its_key_path():
    model = eqx.nn.MLP(2, 2, 4, 1, key=jax.random.key(0))

    @eqx.filter_jit
    def step(model, learning_rate, x):
        return x if jnp.sum(model.layers[1].bias) > 0 else -x

    assert told(lambda: step(model, 0.1, jnp.ones(2))) == "model.layers[1].bias"


def test_what_is_given_by_keyword_or_among_others_is_told_by_its_place():
    @eqx.filter_jit
    def choose(x, *rest, scale):
        return x if rest[1] > 0 else -x

    one = jnp.ones(())
    assert told(lambda: choose(one, "a", one, scale=one)) == "rest[1]"


def test_the_arrays_of_a_method_are_of_self():
    assert told(lambda: Scaled(jnp.ones(2)).jitted_method(jnp.ones(2))) == "self.factor"


def test_the_arrays_of_options_are_told_by_their_keys():
    scaled = Scaled(jnp.ones(2))
    jitted = eqx.filter_jit(scaled.method)
    assert told(lambda: jitted(1.0, options={"low": jnp.ones(())})) == "options['low']"


def test_a_lowered_program_has_the_names_too():
    scaled = Scaled(jnp.ones(2))
    lowered = eqx.filter_jit(lambda model, x: model.factor * x).lower(scaled, jnp.ones(2))
    assert '"model.factor"' in lowered.as_text(debug_info=True)
