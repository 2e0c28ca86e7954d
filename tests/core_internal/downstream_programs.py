"""Small programs of libraries that are built on Equinox. Run as a script, with the name of the
module that is to be `equinox` for them; prints their results as JSON."""

import importlib
import json
import sys
import warnings


def stand_in(module):
    """Makes `module` what `import equinox` gives."""
    for name in ("", ".debug", ".internal", ".nn"):
        sys.modules[f"equinox{name}"] = importlib.import_module(f"{module}{name}")


def programs():
    """Names and functions. What they return is compared."""
    import diffrax
    import jax
    import jax.numpy as jnp
    import lineax
    import optimistix

    matrix = jnp.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 5.0]])
    vector = jnp.array([1.0, 2.0, 3.0])
    start = jnp.array([1.0, 0.5])

    def oscillator(t, y, stiffness):
        return jnp.stack([y[1], -stiffness * y[0]])

    def solve_ode(y, stiffness, solver, **kwargs):
        return diffrax.diffeqsolve(
            diffrax.ODETerm(oscillator),
            solver,
            0.0,
            1.0,
            0.1,
            y,
            args=stiffness,
            stepsize_controller=diffrax.PIDController(rtol=1e-4, atol=1e-6),
            **kwargs,
        )

    def ode():
        saveat = diffrax.SaveAt(ts=jnp.linspace(0, 1, 4))

        def loss(y, stiffness):
            solution = solve_ode(y, stiffness, diffrax.Tsit5(), saveat=saveat)
            return jnp.sum(solution.ys[-1]), (solution.ys, solution.stats["num_steps"])

        return jax.value_and_grad(loss, argnums=(0, 1), has_aux=True)(start, jnp.array(2.0))

    def implicit_ode_of_a_batch():
        return jax.vmap(lambda y: solve_ode(y, 2.0, diffrax.Kvaerno3()).ys)(
            jnp.stack([start, 2 * start])
        )

    def ode_without_enough_steps():
        try:
            solve_ode(start, 2.0, diffrax.Tsit5(), max_steps=2)
        except Exception as error:  # noqa: BLE001  whatever it is, it is compared
            lines = str(error).splitlines()
            return type(error).__name__, any("maximum number of solver steps" in x for x in lines)
        return None

    def linear_solves():
        found = {}
        solvers = (lineax.LU(), lineax.QR(), lineax.CG(1e-6, 1e-6), lineax.GMRES(1e-6, 1e-6))
        for solver in solvers:
            tags = lineax.positive_semidefinite_tag if isinstance(solver, lineax.CG) else ()

            def solve(matrix, vector, solver=solver, tags=tags):
                operator = lineax.MatrixLinearOperator(matrix, tags)
                return jnp.sum(lineax.linear_solve(operator, vector, solver).value ** 2)

            found[type(solver).__name__] = jax.vmap(
                jax.value_and_grad(solve, argnums=(0, 1)), in_axes=(None, 0)
            )(matrix, jnp.stack([vector, -2 * vector]))
        return found

    def linear_function():
        operator = lineax.FunctionLinearOperator(
            lambda x: matrix @ x,
            jax.ShapeDtypeStruct((3,), jnp.float32),
            lineax.positive_semidefinite_tag,
        )
        return lineax.linear_solve(operator, vector, lineax.CG(1e-6, 1e-6)).value

    def root():
        def find(target):
            solver = optimistix.Newton(1e-6, 1e-6)
            return jnp.sum(
                optimistix.root_find(lambda y, t: y**3 - t, solver, start, args=target).value
            )

        return jax.value_and_grad(find)(jnp.array([2.0, 3.0]))

    def least_squares():
        def residuals(y, target):
            return jnp.stack([y[0] ** 2 - target, y[1] * y[0] - 3.0])

        def fit(target):
            solver = optimistix.LevenbergMarquardt(1e-5, 1e-5)
            return jnp.sum(optimistix.least_squares(residuals, solver, start, args=target).value)

        return jax.value_and_grad(fit)(jnp.array(2.0))

    return {
        program.__name__: program
        for program in (
            ode,
            implicit_ode_of_a_batch,
            ode_without_enough_steps,
            linear_solves,
            linear_function,
            root,
            least_squares,
        )
    }


def main():
    warnings.simplefilter("ignore")  # theirs
    if sys.argv[1] != "equinox":
        stand_in(sys.argv[1])
    import jax
    import numpy as np

    results = {}
    for name, program in programs().items():
        leaves, treedef = jax.tree.flatten(program())
        values = [np.asarray(x).tolist() if hasattr(x, "dtype") else x for x in leaves]
        results[name] = [str(treedef), values]
    used = sorted(name for name in sys.modules if name.split(".")[0] == sys.argv[1])
    print(json.dumps({"results": results, "modules": len(used)}))


if __name__ == "__main__":
    main()
