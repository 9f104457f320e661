"""From a study file to a `StudyDesign`, with messages that name the key."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from sp_eval.study.design import StudyDesign
from sp_eval.study.guards import refusal_of

__all__ = ["InvalidStudyError", "load_studies", "load_study"]


class InvalidStudyError(Exception):
    """A study file that cannot be used; the text is one sentence for its author."""


def load_study(path: Path | str) -> StudyDesign:
    """Read one `studies/<study_id>.yaml`.

    Raises
    ------
    InvalidStudyError : the file is absent, is not YAML, or a key is unknown or unusable.
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InvalidStudyError(f"Study file {path} does not exist.") from None
    except OSError as error:
        raise InvalidStudyError(f"Study file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidStudyError(f"Study file {path.name} is not text in UTF-8.") from None
    except yaml.YAMLError as error:
        raise InvalidStudyError(f"Study file {path.name} is not YAML{_place(error)}.") from None
    if not isinstance(content, dict):
        raise InvalidStudyError(f"Study file {path.name} holds no keys; see studies/ for a model.")
    misleads = refusal_of(content)
    if misleads is not None:
        raise InvalidStudyError(f"Study file {path.name}: {misleads}.")
    try:
        return StudyDesign.model_validate(content)
    except ValidationError as error:
        raise InvalidStudyError(f"Study file {path.name}: {_told(error)}.") from None


def load_studies(folder: Path) -> tuple[StudyDesign, ...]:
    """Read every study file of a folder, in the order of their names."""
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise InvalidStudyError(f"There is no study file (*.yaml) in {folder}.")
    studies = tuple(load_study(path) for path in paths)
    names = [study.study_id for study in studies]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidStudyError(f"Two study files carry the study_id {twice[0]}; rename one.")
    return studies


def _told(error: ValidationError) -> str:
    told = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"]) or "the study as a whole"
        told.append(f"{key}: {problem['msg'].removeprefix('Value error, ')}")
    return "; ".join(told)


def _place(error: yaml.YAMLError) -> str:
    """Where the reading broke off, as YAML counts lines; empty if it does not say."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None)
    at = f": line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{at}: {problem}" if at and problem else at
