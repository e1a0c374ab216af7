"""The first interrupt asks for a stop, the second one breaks off."""

import signal
import threading
from collections.abc import Callable
from typing import Any


class StopOnInterrupt:
    """Takes one interrupt (Ctrl+C, or Interrupt Kernel in a notebook) and calls a function instead.

    The next interrupt does again what it did before. Python lets only the main thread listen for
    interrupts, so in any other thread nothing changes.

    Args:
        ask: called once, between two steps of the interpreter. It should do little.
    """

    def __init__(self, ask: Callable[[], None]):
        self._ask = ask
        self._before: Any = None

    def install(self) -> None:
        """Listen from now on."""
        before = signal.getsignal(signal.SIGINT)
        # A process that ignores interrupts, or leaves them to the system, goes on doing so.
        if threading.current_thread() is threading.main_thread() and callable(before):
            self._before = before
            signal.signal(signal.SIGINT, self._take)

    def restore(self) -> None:
        """Listen no longer."""
        if self._before is not None and signal.getsignal(signal.SIGINT) == self._take:
            signal.signal(signal.SIGINT, self._before)
        self._before = None

    def _take(self, number: int, frame: Any) -> None:
        self.restore()
        self._ask()
