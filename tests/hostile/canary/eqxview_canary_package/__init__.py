"""Leaves the marker when it is imported."""

with open("touched", "a") as _marker:
    _marker.write("package\n")
