"""The secret of the pseudonymisation: given, or made once and kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from sp_eval.machine import make_private_folder, write_private

__all__ = ["KeyRefusedError", "PseudonymKey", "file_key", "kept_key", "obtain_key"]

_SHORTEST = 16


class KeyRefusedError(Exception):
    """No usable key; the text is one sentence for whoever runs the tool."""


@dataclass(frozen=True, slots=True)
class PseudonymKey:
    """The key, its fingerprint (safe beside the data), and where it was made, if it was."""

    secret: bytes
    made_at: Path | None

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(b"sp_eval key fingerprint:" + self.secret).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"PseudonymKey(fingerprint={self.fingerprint})"


def obtain_key(given: str | None, kept_in: Path) -> PseudonymKey:
    """Return the key: `given` (itself, or the path of a file that holds it), else the kept one.

    Where neither is, one is made in `kept_in/pseudonym.key`, readable by its owner alone.

    Raises
    ------
    KeyRefusedError : the key is shorter than 16 bytes, or its file cannot be read.
    """
    if (found := kept_key(given, kept_in)) is not None:
        return found
    make_private_folder(kept_in)
    return file_key(kept_in / "pseudonym.key")


def file_key(path: Path) -> PseudonymKey:
    """Return the key in that file, which is made, readable by its owner alone, if it is not there.

    Raises
    ------
    KeyRefusedError : as for `obtain_key`.
    """
    made = None if path.exists() else path
    if made is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, secrets.token_hex(32).encode("ascii"))
    return PseudonymKey(_checked(_read(path)), made)


def kept_key(given: str | None, kept_in: Path) -> PseudonymKey | None:
    """Return the key given or kept, or None if there is none yet.

    Raises
    ------
    KeyRefusedError : as for `obtain_key`.
    """
    kept = kept_in / "pseudonym.key"
    if given is not None:
        path = Path(given).expanduser()
        return PseudonymKey(_checked(_read(path) if _is_file(path) else given.encode()), None)
    return PseudonymKey(_checked(_read(kept)), None) if kept.exists() else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().strip()
    except OSError:
        raise KeyRefusedError(f"The pseudonymisation key in {path} cannot be read.") from None


def _checked(key: bytes) -> bytes:
    if len(key) < _SHORTEST:
        raise KeyRefusedError(
            f"The pseudonymisation key is shorter than {_SHORTEST} characters;"
            " use a long random one."
        )
    return key
