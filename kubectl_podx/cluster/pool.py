"""The connections of one run: dialled ahead on threads, kept while alive, cancelled together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from kubectl_podx.cluster.errors import ClusterError
from kubectl_podx.cluster.stream import Stream
from kubectl_podx.model.clock import Deadline

_GRACE = 0.1

Dial = Callable[[Deadline, Callable[[Stream], None]], Stream]


class Pool:
    """At most `limit` connections. Dialling happens on daemon threads only, because a name
    lookup can hang where no deadline reaches it.
    """

    def __init__(self, dial: Dial, deadline: Deadline, limit: int) -> None:
        self._dial = dial
        self._deadline = deadline
        self._limit = limit
        self._changed = threading.Condition()
        self._idle: list[Stream] = []
        self._open: set[Stream] = set()
        self._failures: list[Exception] = []
        self._dialling = 0
        self._lent = 0
        self._waiting = 0
        self._cancelled = False
        # Of the latest dial; before the first has ended nobody waits for another's connection.
        self._dial_seconds = 0.0

    def dial_ahead(self, count: int) -> None:
        """Starts to dial until there are `count` connections; returns at once."""
        with self._changed:
            for _ in range(min(count, self._limit) - self._size()):
                self._start_dial()

    def acquire(self, deadline: Deadline, *, fresh: bool = False) -> Stream:
        """A live connection under `deadline`; `fresh`: none that has been waiting.

        Raises the dialling's error, or ClusterError `unreachable` when time runs out.
        """
        with self._changed:
            if fresh:
                self._drop_idle()
            self._waiting += 1
            try:
                stream = self._wait_for_one(deadline)
            finally:
                self._waiting -= 1
                if not self._waiting:
                    self._failures.clear()
            self._lent += 1
            stream.deadline = deadline
            return stream

    def release(self, stream: Stream) -> None:
        """Gives a connection back for the next request."""
        with self._changed:
            self._lent -= 1
            if self._cancelled:
                self._forget(stream)
            else:
                self._idle.append(stream)
            self._changed.notify_all()

    def discard(self, stream: Stream) -> None:
        """Closes a connection that was lent."""
        with self._changed:
            self._lent -= 1
            self._forget(stream)
            self._changed.notify_all()

    def drop_idle(self) -> None:
        """Closes what stands idle, as after a change of the client certificate."""
        with self._changed:
            self._drop_idle()

    def cancel(self) -> None:
        """Ends every connection, whoever uses it; nothing is dialled any more."""
        with self._changed:
            self._cancelled = True
            for stream in self._open:
                stream.cancel()
            self._changed.notify_all()

    def close(self) -> None:
        """Closes what stands idle and cancels the rest."""
        self.cancel()
        with self._changed:
            self._drop_idle()

    # -- under the lock --------------------------------------------------------------------------

    def _size(self) -> int:
        return len(self._idle) + self._lent + self._dialling

    def _wait_for_one(self, deadline: Deadline) -> Stream:
        """An idle connection. Whoever finds none waits for as long as a dial takes, two or three
        round trips: most requests are over after one, and every handshake costs both sides.
        """
        patience = Deadline(self._dial_seconds)
        while True:
            if self._cancelled:
                raise ClusterError("failed", "interrupted")
            while self._idle:
                stream = self._idle.pop()
                if not stream.stale():
                    return stream
                self._forget(stream)
            if self._failures:
                raise self._failures.pop()
            wanted = self._dialling < self._waiting and self._size() < self._limit
            if wanted and (patience.passed() or not self._lent):
                self._start_dial()
                wanted = False
            # The grace lets a dialling that ends with the deadline tell its own reason.
            longest = deadline.remaining() + _GRACE
            if wanted:
                longest = min(longest, patience.remaining())
            if not self._changed.wait(longest) and deadline.passed():
                raise ClusterError(
                    "timedOut" if self._lent else "unreachable",
                    "Unable to connect to the server: net/http: request canceled while waiting "
                    "for connection (Client.Timeout exceeded while awaiting headers)",
                )

    def _start_dial(self) -> None:
        self._dialling += 1
        threading.Thread(target=self._dial_one, name="podx-dial", daemon=True).start()

    def _dial_one(self) -> None:
        begun = time.monotonic()
        try:
            stream = self._dial(self._deadline, self._note_open)
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits for it
            with self._changed:
                self._dialling -= 1
                self._open = {known for known in self._open if known.fileno() >= 0}
                if self._waiting:
                    self._failures.append(error)
                self._changed.notify_all()
            return
        with self._changed:
            self._dialling -= 1
            self._dial_seconds = time.monotonic() - begun
            if self._cancelled:
                self._forget(stream)
            else:
                self._idle.append(stream)
            self._changed.notify_all()

    def _note_open(self, stream: Stream) -> None:
        with self._changed:
            self._open.add(stream)
            if self._cancelled:
                stream.cancel()

    def _drop_idle(self) -> None:
        for stream in self._idle:
            self._forget(stream)
        self._idle.clear()

    def _forget(self, stream: Stream) -> None:
        stream.close()
        self._open.discard(stream)
