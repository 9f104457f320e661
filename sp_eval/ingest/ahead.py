"""The next item is got ready in a thread of its own while the last one is being used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar, cast

__all__ = ["ahead"]

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """Yield the items; at most one waits, and one is being made, while another is used.

    What making an item raises is raised where it would have come. If the items are not wanted to
    the end, making them ends too.
    """
    waiting: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(maxsize=1)
    is_over = threading.Event()

    def make() -> None:
        failure: BaseException | None = None
        try:
            for item in items:
                waiting.put((item, None))
                if is_over.is_set():
                    return
        except BaseException as error:  # noqa: BLE001  (raised again where the item was wanted)
            failure = error
        waiting.put((None, failure or StopIteration()))

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    try:
        while True:
            item, failure = waiting.get()
            if isinstance(failure, StopIteration):
                return
            if failure is not None:
                raise failure
            yield cast(T, item)  # None only with a failure
    finally:
        is_over.set()
        while maker.is_alive():
            _drop(waiting)
            maker.join(timeout=0.01)


def _drop(waiting: queue.Queue[tuple[T | None, BaseException | None]]) -> None:
    try:
        waiting.get_nowait()
    except queue.Empty:
        return
