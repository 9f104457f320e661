"""Pictures of what the tests see, for the documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["MOST_BYTES", "Pictures"]

MOST_BYTES = 150_000


@dataclass(frozen=True)
class Pictures:
    """Where pictures are written; nowhere, unless a folder is given."""

    folder: Path | None

    def take(self, page: Any, name: str, **how: Any) -> None:
        """Write what the page shows as `<name>.png`, if pictures are wanted.

        Raises
        ------
        ValueError : it is larger than a document should carry.
        """
        if self.folder is None:
            return
        found = page.screenshot(animations="disabled", **how)
        if len(found) > MOST_BYTES:
            raise ValueError(f"{name}.png has {len(found):,} bytes; show less of it")
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{name}.png").write_bytes(found)
