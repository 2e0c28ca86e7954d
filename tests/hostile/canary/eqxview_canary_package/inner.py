"""A module below a package: to find it by importing is to run the package."""


class Thing:
    """Nothing."""

    weight: int
