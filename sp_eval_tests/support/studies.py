"""Studies for tests: the shipped question, changed in one place."""

from __future__ import annotations

from typing import Any

import yaml

from sp_eval.settings import project_root
from sp_eval.study.design import StudyDesign

__all__ = ["a_study"]


def a_study(**changes: Any) -> StudyDesign:
    """Return the shipped study with top-level keys changed; a mapping is merged into its part.

    Other ways and lengths of time are left out unless asked for: most tests do not read them.
    """
    text = (project_root() / "studies" / "gp_and_hospital_use.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    content["estimators"]["sensitivity"] = []
    content["subgroups"] = []
    content["horizons"] = []
    for key, value in changes.items():
        is_part = isinstance(value, dict) and isinstance(content.get(key), dict)
        content[key] = content[key] | value if is_part else value
    return StudyDesign.model_validate(content)
