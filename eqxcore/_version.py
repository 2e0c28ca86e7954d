"""The version. That of `eqxview`, with which this package is released: a test compares them."""

__version__: str = "0.1.0"
