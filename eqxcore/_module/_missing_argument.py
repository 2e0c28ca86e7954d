"""What to write where an argument is missing that most classes of layers want: the key."""

_NOTE = (
    "Initial values are drawn at random, from a key: `key=jax.random.key(0)`. Several layers want "
    "one each: `first, second = jax.random.split(key)`."
)


def note_missing_key(error: TypeError) -> None:
    """Adds to Python's error about a missing `key` how to make one."""
    text = str(error)
    # Once: the error also comes by all the Modules that were being made of this one.
    if " missing " in text and "'key'" in text and _NOTE not in getattr(error, "__notes__", ()):
        error.add_note(_NOTE)
