"""JAX's settings as far as they decide which program serves a call: configuration and mesh."""

from typing import Any

import jax

from eqxview.watching.static_mark import StaticMark, static_mark

MESH = "<mesh>"
OTHERS = "<config>"
"""All settings at once, where JAX does not tell their names: what differs in none of those that
we know differs in this."""

# Where JAX does not tell the names itself (before 0.9); all of them can be asked for by
# `jax.config.NAME`, where the version has them.
_NAMES = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_default_device",
    "jax_numpy_rank_promotion",
    "jax_numpy_dtype_promotion",
    "jax_default_dtype_bits",
    "jax_explicit_x64_dtypes",
    "jax_threefry_partitionable",
    "jax_threefry_gpu_kernel_lowering",
    "jax_use_shardy_partitioner",
    "jax_use_direct_linearize",
    "jax_use_high_dynamic_range_gumbel",
    "jax_use_simplified_jaxpr_constants",
    "jax_remove_size_one_mesh_axis_from_type",
    "jax_debug_key_reuse",
    "jax_debug_nans",
    "jax_disable_jit",
    "jax_softmax_custom_jvp",
    "jax_random_seed_offset",
    "jax_safer_randint",
    "jax_enable_custom_prng",
    "jax_dynamic_shapes",
    "jax_error_checking_behavior_nan",
    "jax_error_checking_behavior_divide",
    "jax_error_checking_behavior_oob",
    "jax_hlo_source_file_canonicalization_regex",
    "eager_constant_folding",
)


def settings_now() -> tuple[tuple[str, StaticMark], ...]:
    """The settings of this thread at this time, by name."""
    return tuple((name, static_mark(value)) for name, value in _values_now().items())


def _values_now() -> dict[str, Any]:
    # Private, and exactly what JAX itself puts into its keys.
    try:
        from jax._src import config

        values = dict(zip(config.trace_context_names(), config.trace_context(), strict=True))
    except (ImportError, AttributeError, NotImplementedError, ValueError, TypeError):
        return _public_values()
    # Changes inside every transformation; what it means for a call is seen in the arguments.
    values.pop("axis_env_state", None)
    values[MESH] = tuple(
        values.pop(name, None) for name in ("mesh_context_manager", "abstract_mesh_context_manager")
    )
    return values


def _public_values() -> dict[str, Any]:
    values = {name: getattr(jax.config, name) for name in _NAMES if hasattr(jax.config, name)}
    values[MESH] = _meshes()
    others = _without_names()
    if others is not None:
        values[OTHERS] = others
    return values


def _without_names() -> tuple[Any, ...] | None:
    try:
        from jax._src import config

        # The first changes inside every transformation.
        return tuple(config.trace_context())[1:]
    except (ImportError, AttributeError, TypeError):
        return None


def _meshes() -> tuple[Any, ...]:
    try:
        # Private: inside of a trace the public `get_mesh` refuses, and `with mesh:` has none.
        from jax._src import config

        contexts: Any = config  # which of its names there are depends on the version
        return contexts.mesh_context_manager.value, contexts.abstract_mesh_context_manager.value
    except (ImportError, AttributeError):
        mesh = jax.sharding.get_abstract_mesh()
        return (None if getattr(mesh, "empty", True) else mesh,)
