"""`sp-eval export`: from options to files, and where they lie."""

from __future__ import annotations

from pathlib import Path

from sp_eval.cli.show import console
from sp_eval.operation.export import CHECKSUMS, export_release
from sp_eval.settings import Settings

__all__ = ["export_and_show"]


def export_and_show(out: Path, *, home: Path | None) -> None:
    """Write the release into a folder and say what lies there."""
    settings = Settings.from_environment(home=home)
    out = out.expanduser()
    files = export_release(settings, out)
    size = sum(path.stat().st_size for path in files)
    console.print(f"Written: {len(files)} files, {size / 1e6:.1f} MB, in {out}", soft_wrap=True)
    console.print(f"To see later that nothing changed, compare with {CHECKSUMS} there.")
