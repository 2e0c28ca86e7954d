"""A program on a pseudo-terminal, and what its screen shows."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import pyte


class Terminal:
    """Runs `arguments` on a pseudo-terminal of the given size; read its screen with `text`."""

    def __init__(self, arguments, *, columns=80, rows=24, environ=None, stderr=None):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.terminal, end = pty.openpty()
        self._set_size(columns, rows)
        # Not `pty.fork`: a process with JAX in it has threads, and must not be forked.
        self.process = subprocess.Popen(
            arguments,
            stdin=end,
            stdout=end,
            stderr=end if stderr is None else stderr,
            env={**os.environ, "TERM": "xterm-256color", **(environ or {})},
            start_new_session=True,
        )
        os.close(end)

    def _set_size(self, columns, rows):
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    @property
    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def send(self, keys):
        os.write(self.terminal, keys.encode())

    def resize(self, columns, rows):
        self._set_size(columns, rows)
        self.screen.resize(rows, columns)
        self.process.send_signal(signal.SIGWINCH)

    def until(self, condition, *, seconds=60):
        """Read what the program writes until `condition` holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited in vain; on screen:\n{self.text}"
            self._read(0.05)

    def until_shown(self, text):
        self.until(lambda: text in self.text)

    def wait(self, *, seconds=60):
        """The exit code, once the program has ended; what it wrote is read."""
        end = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < end, f"did not end; on screen:\n{self.text}"
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.returncode

    def _read(self, seconds):
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.raw += data
        self.stream.feed(data)
        return bool(data)
