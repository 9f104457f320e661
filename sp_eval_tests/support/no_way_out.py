"""A place on the path whose `sitecustomize` lets a process reach nothing but this machine."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["closed_in"]

_GUARD = """
import os, sys
_TRIED = os.environ["TRIED_TO_LEAVE"]
_HERE = ("127.", "localhost", "::1", "0.0.0.0")

def _refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if not isinstance(address, tuple):
            return  # a file on this machine
        target = str(address[0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        target = str(arguments[0] or "localhost")
    else:
        return
    if not target.startswith(_HERE):
        with open(_TRIED, "a") as file:
            file.write(f"{event} {target}\\n")
        raise OSError("no way out")

sys.addaudithook(_refuse)
"""


def closed_in(folder: Path) -> tuple[dict[str, str], Path]:
    """Return the environment to add to a child's, and the file that lists where it tried to go."""
    place, tried = folder / "guard", folder / "tried"
    place.mkdir(exist_ok=True)
    (place / "sitecustomize.py").write_text(_GUARD, encoding="utf-8")
    path = os.pathsep.join([str(place), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {"PYTHONPATH": path, "TRIED_TO_LEAVE": str(tried)}, tried
