"""What a file's classes are, learnt from their source without importing or running them.

A pickle holds what is *in* an object; which of its fields are static, and what the items of
a namedtuple are called, stands in its class. Sources, in order: the class as the file
itself describes it (`..pickle.recognise.by_value`), its Python source on the import path or
in a directory that the user names, and a table of the classes of well-known libraries.

| file | what it holds |
|---|---|
| `facts.py` | what can be known of a class |
| `source_files.py` | where a module's source lies; found by name, nothing is imported |
| `module_source.py` | what a module binds at its top level |
| `resolve.py` | from a name, through imports and re-exports, to where it is defined |
| `roots.py` | the base classes and decorators whose meaning is known |
| `declared_fields.py` | the fields that one class body declares |
| `registration.py` | whether a module registers a class with JAX |
| `enum_members.py` | the members of an enumeration |
| `from_source.py` | the facts of a class, inherited ones included |
| `known_classes.py` | the shipped table, for libraries that are not installed |
| `classes.py` | `Classes`: all of it, behind one question |
"""

from eqxview.readers.class_source.classes import Classes as Classes
from eqxview.readers.class_source.facts import ClassFacts as ClassFacts
from eqxview.readers.class_source.facts import ClassKind as ClassKind
from eqxview.readers.class_source.facts import FieldFacts as FieldFacts
