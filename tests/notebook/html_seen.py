"""HTML as a browser takes it: what is on the page, and whether every element is closed."""

from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"meta", "wbr", "br"}

# Everything that we write. What is not here came from a file that is shown.
ALLOWED = {
    "html": {"lang"},
    "head": set(),
    "meta": {"charset", "name", "content", "http-equiv"},
    "title": set(),
    "style": set(),
    "body": {"class"},
    "div": {"class", "role", "title", "aria-label"},
    "details": {"open"},
    "summary": {"class", "title"},
    "span": {"class", "title", "style"},
    "p": {"class", "role"},
    "table": {"class"},
    "tr": {"class"},
    "th": {"class", "scope"},
    "td": {"class"},
    **{name: set() for name in ("header", "h1", "h2", "h3", "code", "thead", "tbody", "wbr", "br")},
    **{name: {"class"} for name in ("b", "i", "u", "em")},
}


class Element(NamedTuple):
    name: str
    attributes: dict
    depth: int


class Seen(HTMLParser):
    """Elements in order, their text, and every mistake in the nesting."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.text = ""
        self.mistakes = []
        self._open = []
        self.feed(html)
        self.close()
        self.mistakes += [f"<{name}> is never closed" for name in self._open]

    def handle_starttag(self, tag, attrs):
        self.elements.append(Element(tag, dict(attrs), len(self._open)))
        if tag not in ALLOWED:
            self.mistakes.append(f"<{tag}> is none of our elements")
        elif foreign := set(dict(attrs)) - ALLOWED[tag]:
            self.mistakes.append(f"<{tag}> has foreign attributes {foreign}")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.mistakes.append(f"</{tag}> closes nothing")

    def handle_comment(self, data):
        self.mistakes.append(f"a comment: {data!r}")

    def handle_data(self, data):
        if "style" not in self._open:
            self.text += data

    def count(self, name, **attributes):
        """How many elements have this name and these attributes."""
        return sum(
            element.name == name and attributes.items() <= element.attributes.items()
            for element in self.elements
        )

    def values(self, attribute):
        """The values of `attribute`, in order."""
        return [
            element.attributes[attribute]
            for element in self.elements
            if attribute in element.attributes
        ]
