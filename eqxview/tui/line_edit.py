"""Editing one line of text: what each key does to it."""

from typing import NamedTuple


class LineEdit(NamedTuple):
    """A text and where in it the typing goes on; each key gives another one."""

    text: str = ""
    at: int = 0

    @classmethod
    def at_end(cls, text: str) -> "LineEdit":
        """A text with the cursor behind it."""
        return cls(text, len(text))

    @property
    def before(self) -> str:
        """What stands before the cursor."""
        return self.text[: self.at]

    @property
    def after(self) -> str:
        """What stands behind the cursor."""
        return self.text[self.at :]

    def typed(self, characters: str) -> "LineEdit":
        """With `characters` put in at the cursor."""
        return LineEdit(self.before + characters + self.after, self.at + len(characters))

    def key(self, key: str) -> "LineEdit | None":
        """What a key that types nothing does; `None` for a key that means nothing here."""
        before, at, after = self.before, self.at, self.after
        match key:
            case "backspace" | "ctrl+h":
                return LineEdit(before[:-1] + after, max(at - 1, 0))
            case "delete" | "ctrl+d":
                return LineEdit(before + after[1:], at)
            case "ctrl+u":
                return LineEdit(after, 0)
            case "ctrl+k":
                return LineEdit(before, at)
            case "ctrl+w":
                kept = before[: _word_start(before)]
                return LineEdit(kept + after, len(kept))
            case "left" | "ctrl+b":
                return LineEdit(self.text, max(at - 1, 0))
            case "right" | "ctrl+f":
                return LineEdit(self.text, min(at + 1, len(self.text)))
            case "ctrl+left":
                return LineEdit(self.text, _word_start(before))
            case "ctrl+right":
                word = after.lstrip(" ").partition(" ")[0]
                return LineEdit(self.text, at + len(after) - len(after.lstrip(" ")) + len(word))
            case "home" | "ctrl+a":
                return LineEdit(self.text, 0)
            case "end" | "ctrl+e":
                return LineEdit.at_end(self.text)
        return None


def _word_start(text: str) -> int:
    return text.rstrip(" ").rfind(" ") + 1
