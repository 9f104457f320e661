"""Public files that may lie beside the repository; tests that need them are skipped elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from sp_eval.settings import project_root

__all__ = ["shared_file"]


def shared_file(*parts: str) -> Path:
    """Path of `../shared/<parts>`; skips the test, saying why, where it is not there."""
    path = project_root().parent.joinpath("shared", *parts)
    if not path.exists():
        pytest.skip(f"../shared/{'/'.join(parts)} is not here")
    return path
