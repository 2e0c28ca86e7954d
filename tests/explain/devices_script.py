"""Run in a process of its own, which has two devices."""

import jax
import jax.numpy as jnp

import eqxview


def explained(run):
    try:
        run()
    except ValueError as error:
        return eqxview.explain(error)
    raise AssertionError("the call was to be refused")


FIRST, SECOND = jax.devices()
MODEL = jax.device_put({"w": jnp.ones(2), "b": jnp.ones(2), "mean": jnp.ones(2)}, FIRST)
MODEL["mean"] = jax.device_put(MODEL["mean"], SECOND)


def jitted():
    batch = jax.device_put(jnp.ones(2), FIRST)
    jax.jit(lambda model, batch: model["w"] + model["mean"] + batch)(MODEL, batch)


def operator():
    a, b = (jax.device_put(jnp.ones(2), device) for device in (FIRST, SECOND))
    a + b


report = explained(jitted)
assert report.kind == "devices", report.kind
assert report.findings[0].path == "MODEL['mean']", report.findings
assert report.findings[0].after == "cpu:1*", report.findings
assert "jax.device_put(MODEL['mean'], jax.devices(\"cpu\")[0])" in report.fix, report.fix
assert "MODEL['mean'] to cpu:1, the most to cpu:0" in report.summary, report.summary

report = explained(operator)
found = {(finding.path, finding.after) for finding in report.findings}
assert found == {("a", "cpu:0*"), ("b", "cpu:1*")}, found
print("explained")
