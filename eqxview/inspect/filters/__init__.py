"""Filters as text: which leaves of a tree are meant. One form for CLI, screen and notebook.

    is_inexact_array                      a predicate, by its name
    .layers[*].weight    **.bias          a path, `*` for any step, `**` for any number of them
    dtype=f32 path~attn bytes>1MB         clauses; all of them must hold
    (name=w* or name=b*) not under=Norm   `or`, `not` and parentheses

| file | what it holds |
|---|---|
| `filter.py` | `parse_filter`, and the filter that it gives |
| `grammar.py` | from text to an expression |
| `expression.py` | terms under `and`, `or`, `not`: rows, who decided, Python |
| `predicates.py` | the table of predicates |
| `clauses.py` | the table of clauses |
| `clause_values.py` | what stands right of an operator: amounts, shapes, words |
| `path_pattern.py` | paths with wildcards |
| `path_text.py` | text anywhere in a path |
| `entry_rows.py` | rows by the last step of their path |
| `filter_error.py` | a filter that cannot be understood |
"""

from eqxview.inspect.filters.filter import Filter as Filter
from eqxview.inspect.filters.filter import parse_filter as parse_filter
from eqxview.inspect.filters.filter_error import FilterError as FilterError
