"""Where things lie. The only module that reads the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Mail", "Settings", "project_root", "where_from"]

_MAIL_PORT = "25"
# name -> what holds where it is not set
_SETTINGS = {
    "SP_EVAL_HOME": "var, in the folder the command is called in",
    "SP_EVAL_PSEUDONYM_KEY": "secret/pseudonym.key in the home, made by the first run",
    "SP_EVAL_RESEARCH_PROFILE": "analysis",
    "SP_EVAL_SMTP_HOST": "none: no e-mail is sent",
    "SP_EVAL_SMTP_PORT": _MAIL_PORT,
    "SP_EVAL_SMTP_FROM": "none",
    "SP_EVAL_SMTP_TO": "none",
    "SP_EVAL_SMTP_USER": "none",
    "SP_EVAL_SMTP_PASSWORD_FILE": "none",
    "SP_EVAL_SMTP_STARTTLS": "yes",
}


def project_root() -> Path:
    """Return the folder that holds `data_contracts/`, `sql/` and `studies/`."""
    return Path(__file__).resolve().parent.parent


def where_from(home: Path | None) -> tuple[tuple[str, str, str], ...]:
    """Each setting's name, its value, and where it comes from; a key itself is never shown."""
    given = "from the command" if home is not None else None
    told = []
    for name, usual in _SETTINGS.items():
        value = os.environ.get(name)
        if name == "SP_EVAL_HOME" and given is not None:
            told.append((name, str(home), given))
        elif not value:
            told.append((name, usual, "not set"))
        else:
            is_secret = name == "SP_EVAL_PSEUDONYM_KEY" and not _is_file(value)
            told.append(
                (name, "(a key, not shown)" if is_secret else value, "from the environment")
            )
    return tuple(told)


def _is_file(text: str) -> bool:
    try:
        return Path(text).expanduser().is_file()
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server messages go through, as set; the port is text until it is used."""

    host: str
    port: str
    sender: str
    to: tuple[str, ...]
    user: str | None
    password_file: Path | None
    is_encrypted: bool


@dataclass(frozen=True, slots=True)
class Settings:
    """The paths of one installation; every path derives from `home`.

    `landing` may lie elsewhere (it is read in place and never written).
    """

    home: Path
    landing: Path
    studies: Path
    research_profile: str = "analysis"

    @classmethod
    def from_environment(
        cls, home: Path | None = None, landing: Path | None = None, studies: Path | None = None
    ) -> Settings:
        """Read `SP_EVAL_HOME` (default `./var`); arguments win over the environment."""
        base = (home or Path(os.environ.get("SP_EVAL_HOME", "var"))).expanduser().resolve()
        return cls(
            home=base,
            landing=(landing or base / "landing").expanduser().resolve(),
            studies=(studies or project_root() / "studies").resolve(),
            research_profile=os.environ.get("SP_EVAL_RESEARCH_PROFILE", "analysis"),
        )

    @property
    def given_key(self) -> str | None:
        """`SP_EVAL_PSEUDONYM_KEY`: the key itself, or the path of a file that holds it."""
        return os.environ.get("SP_EVAL_PSEUDONYM_KEY") or None

    @property
    def mail(self) -> Mail | None:
        """`SP_EVAL_SMTP_*`; None if no `SP_EVAL_SMTP_HOST` is set, and nothing is sent."""
        host = os.environ.get("SP_EVAL_SMTP_HOST", "").strip()
        if not host:
            return None
        receivers = os.environ.get("SP_EVAL_SMTP_TO", "").split(",")
        password = os.environ.get("SP_EVAL_SMTP_PASSWORD_FILE")
        return Mail(
            host=host,
            port=os.environ.get("SP_EVAL_SMTP_PORT", _MAIL_PORT),
            sender=os.environ.get("SP_EVAL_SMTP_FROM", "").strip(),
            to=tuple(one.strip() for one in receivers if one.strip()),
            user=os.environ.get("SP_EVAL_SMTP_USER") or None,
            password_file=Path(password).expanduser() if password else None,
            is_encrypted=os.environ.get("SP_EVAL_SMTP_STARTTLS", "yes").lower() != "no",
        )

    @property
    def alerts(self) -> Path:
        return self.home / "alerts"

    @property
    def work(self) -> Path:
        return self.home / "work"

    @property
    def warehouse(self) -> Path:
        return self.work / "warehouse.duckdb"

    @property
    def reference(self) -> Path:
        return self.home / "reference"

    @property
    def secret(self) -> Path:
        return self.home / "secret"

    @property
    def quarantine(self) -> Path:
        return self.home / "quarantine"

    @property
    def receipts(self) -> Path:
        return self.home / "receipts"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def dagster(self) -> Path:
        return self.home / "dagster"
