"""An `Explainer`, in the form that graders of explanations of jit cache misses ask for."""

from typing import Any

import eqxview


class Explainer:
    """Tells of misses what `eqxview.watch()` says: paths, causes and lines."""

    def __init__(self) -> None:
        self._watch = eqxview.watch()
        self._told = 0

    def watch(self, fn: Any) -> Any:
        """The function to call in place of `fn`: itself, for nothing has to be wrapped."""
        return fn

    def start(self) -> None:
        """Report nothing of what was seen so far; what was compiled stays known."""
        self._watch.start()
        self._told = len(self._watch.log.compiles)

    def take(self) -> list[dict[str, Any]]:
        """The misses since `start`, with what each differed in."""
        log = self._watch.stop()
        if log.failures:
            raise RuntimeError(log.failures[-1])
        return [
            {
                "function": miss.name,
                "diffs": [
                    {
                        "path": difference.path,
                        "cause": difference.cause,
                        "was": difference.before,
                        "now": difference.after,
                        "src": str(difference.source) if difference.source else None,
                    }
                    for difference in miss.differences
                ],
            }
            for miss in log.compiles[self._told :]
            if miss.is_miss
        ]
