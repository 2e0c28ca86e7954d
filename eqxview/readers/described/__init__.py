"""What files hold, described and never made: shared by the readers of all formats.

| file | what it holds |
|---|---|
| `descriptions.py` | what stands in the place of objects: references, calls, payloads, arrays |
| `dtypes.py`, `array_types.py` | the types of arrays, held against their bytes |
| `prng_keys.py` | typed PRNG keys |
| `look.py` | the table of everything that is recognised without knowing any class |
| `values.py` | arrays' values, read when asked for |
"""
