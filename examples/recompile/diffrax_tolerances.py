"""A diffrax solve whose tolerances are Python floats, tightened from run to run.

eqxview run examples/recompile/diffrax_tolerances.py
eqxview run examples/recompile/diffrax_tolerances.py --cured
"""

import sys

import diffrax
import equinox as eqx
import jax.numpy as jnp


def decay(t, y, rate):
    return -rate * y


@eqx.filter_jit
def solve(controller, rate):
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(decay),
        diffrax.Tsit5(),
        t0=0.0,
        t1=1.0,
        dt0=0.1,
        y0=jnp.ones(2),
        args=rate,
        stepsize_controller=controller,
    )
    return solution.ys


def main(cured):
    rate = jnp.asarray(0.5)
    for tolerance in (1e-3, 1e-4, 1e-5):
        if cured:
            tolerance = jnp.asarray(tolerance)
        solve(diffrax.PIDController(rtol=tolerance, atol=tolerance), rate)


if __name__ == "__main__":
    main(cured="--cured" in sys.argv)
