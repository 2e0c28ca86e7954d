"""Does something as soon as JAX has been imported, and imports nothing itself.

A program may set `JAX_PLATFORMS` or `XLA_FLAGS` and only then import JAX, which reads them once.
"""

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def as_jax_comes(do: Callable[[], None]) -> Callable[[], None]:
    """Call `do()` once JAX is imported: now, if it is. Returns what calls that off."""
    if "jax" in sys.modules:
        do()
        return lambda: None
    finder = _Finder(do)
    sys.meta_path.insert(0, finder)
    return finder.leave


class _Finder(MetaPathFinder):
    """Finds JAX as everybody does, and adds a step to loading it."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do = do

    def leave(self) -> None:
        """Be asked no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The spec of `jax`, once; of nothing else."""
        if fullname != "jax":
            return None
        self.leave()
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._do)
        return spec


class _Loader(Loader):
    def __init__(self, loader: Loader, do: Callable[[], None]) -> None:
        self._loader = loader
        self._do = do

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # As if it had never been here: `module.__loader__` is what is expected of it.
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._do()
