"""From text to an expression.

    filter  := all ("or" all)*
    all     := one (["and"] one)*
    one     := ("not" | "!") one | "(" filter ")" | path | clause | predicate
    clause  := name operator value

`|` and `&` are also understood. A path begins with `.`, `[` or `*`.
"""

import re

from eqxview.inspect.filters.clause_values import Written
from eqxview.inspect.filters.clauses import CLAUSES, find_clause, term_of
from eqxview.inspect.filters.expression import AllOf, AnyOf, Expression, Not, Python, Term
from eqxview.inspect.filters.filter_error import FilterError, nearest
from eqxview.inspect.filters.path_pattern import parse_pattern, rows_of_pattern
from eqxview.inspect.filters.predicates import PREDICATES, find_predicate

_MAX_NESTING = 50
_WORD = re.compile(r"[A-Za-z_][\w.]*")
_OPERATOR = re.compile(r"\s*(!=|!~|<=|>=|==|=|<|>|~)\s*")


def parse_expression(text: str) -> Expression:
    """The expression that `text` writes; raises `FilterError`, with the place."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._nesting = 0

    def whole(self) -> Expression:
        expression = self._any_of()
        if self._at < len(self._text):
            raise FilterError(
                f"{self._text[self._at]!r} closes nothing", at=self._at, hint="leave it out"
            )
        return expression

    def _any_of(self) -> Expression:
        start = self._here()
        parts = [self._all_of()]
        while self._take("or", "||", "|"):
            parts.append(self._all_of())
        return parts[0] if len(parts) == 1 else AnyOf(self._since(start), tuple(parts))

    def _all_of(self) -> Expression:
        start = self._here()
        parts = [self._one()]
        while self._take("and", "&&", "&") or not self._is_over():
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else AllOf(self._since(start), tuple(parts))

    def _is_over(self) -> bool:
        here = self._here()
        return self._text[here : here + 1] in ("", ")", "|") or self._word_here() == "or"

    def _one(self) -> Expression:
        start = self._here()
        self._nesting += 1
        if self._nesting > _MAX_NESTING:
            raise FilterError(f"more than {_MAX_NESTING} levels deep", at=start)
        try:
            if self._take("not", "!"):
                part = self._one()
                return Not(self._since(start), part)
            if self._take("("):
                inner = self._any_of()
                if not self._take(")"):
                    raise FilterError("this '(' is never closed", at=start, hint="close it with )")
                return inner
            return self._term()
        finally:
            self._nesting -= 1

    def _term(self) -> Term:
        start = self._here()
        if self._text[start : start + 1] in (".", "[", "*") and start < len(self._text):
            written = self._value()
            steps = parse_pattern(written, at=start)
            return Term(written, lambda tree: rows_of_pattern(tree, steps))
        word = self._word_here()
        if not word or word in ("and", "or"):
            raise FilterError(
                f"expected a predicate, a path or a clause, found {self._rest(start)}",
                at=start,
                hint=_FORMS,
            )
        self._at = start + len(word)
        match = _OPERATOR.match(self._text, self._at)
        if match is not None and not find_predicate(word):
            return self._clause(word, match, start)
        predicate = find_predicate(word)
        if predicate is None:
            raise _unknown_word(word, start)
        return Term(word, predicate.rows, Python(predicate.code))

    def _clause(self, word: str, match: re.Match[str], start: int) -> Term:
        clause = find_clause(word)
        if clause is None:
            names = [known.name for known in CLAUSES]
            raise FilterError(
                f"there is no clause {word!r}",
                at=start,
                hint=f"{nearest(word, names)}the clauses are: {', '.join(names)}",
            )
        self._at = at = match.end()
        value = self._value(is_path="~" not in match[1])
        if not value:
            raise FilterError(
                f"{word}{match[1]} has no value", at=at, hint=f"for example {clause.example}"
            )
        if value[0] in "'\"" and value[-1] == value[0]:
            value = value[1:-1]
        operator = "=" if match[1] == "==" else match[1]
        return term_of(
            clause, Written(word, operator, value, self._since(start), at, match.start(1))
        )

    def _value(self, *, is_path: bool = True) -> str:
        """The text up to the next space, quotes kept whole; in a path or a shape brackets too."""
        text, start = self._text, self._at
        at, closing, quote = start, [], ""
        while at < len(text):
            character = text[at]
            if quote:
                if character == "\\":
                    at += 1
                elif character == quote:
                    quote = ""
            elif character in "'\"" and (closing or at == start):
                quote = character
            elif is_path and (character == "[" or (character == "(" and at == start)):
                closing.append("]" if character == "[" else ")")
            elif closing:
                if character == closing[-1]:
                    closing.pop()
            elif character.isspace() or character in ")|&":
                break
            at += 1
        if quote or closing:
            raise FilterError(
                f"{text[start:]!r} is never closed",
                at=start,
                hint=f"end it with {quote or closing[-1]}",
            )
        self._at = at
        return text[start:at]

    def _here(self) -> int:
        """The place of the next character that is no space."""
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        return self._at

    def _word_here(self) -> str:
        match = _WORD.match(self._text, self._here())
        return match[0] if match else ""

    def _take(self, *signs: str) -> bool:
        """Step over one of `signs`, words only where they end."""
        here = self._here()
        word = self._word_here()
        for sign in signs:
            found = word == sign if sign.isalpha() else self._text.startswith(sign, here)
            if found:
                self._at = here + len(sign)
                return True
        return False

    def _since(self, start: int) -> str:
        return self._text[start : self._at].strip()

    def _rest(self, start: int) -> str:
        return repr(self._text[start : start + 20]) if start < len(self._text) else "the end"


_FORMS = "for example is_array, .layers[*].weight, dtype=f32; joined by and, or, not, ( )"


def _unknown_word(word: str, at: int) -> FilterError:
    clause = find_clause(word)
    if clause is not None:
        return FilterError(
            f"{word} needs an operator and a value", at=at, hint=f"for example {clause.example}"
        )
    names = [known.name for known in PREDICATES]
    near = nearest(word.rpartition(".")[2], [*names, *(known.name for known in CLAUSES)])
    return FilterError(
        f"there is no predicate {word!r}",
        at=at,
        hint=f"{near}the predicates are: {', '.join(names)}; a path begins with '.', '[' or '*'",
    )
