"""Which studies a run takes where none is named: all but those of schemes that sent nothing yet."""

from __future__ import annotations

from sp_eval.settings import Settings
from sp_eval.study.design import StudyDesign
from sp_eval.study.protocol import load_studies

__all__ = ["studies_asked"]


def studies_asked(settings: Settings) -> tuple[StudyDesign, ...]:
    """Return the studies of the folder that any scheme here can be part of.

    A study that names schemes waits until one of them has a folder in the landing folder; once
    run, it stays. Where that leaves none, all are returned, and each says what it lacks.
    """
    studies = load_studies(settings.studies)
    return tuple(study for study in studies if _is_here(settings, study)) or studies


def _is_here(settings: Settings, study: StudyDesign) -> bool:
    if study.schemes == "all" or (settings.work / f"{study.study_id}.duckdb").exists():
        return True
    return any((settings.landing / code).is_dir() for code in study.schemes)
