"""Settings every test needs before numpy is loaded."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# One thread a process: small matrices are no faster on more, and the tests share the machine.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# Tests import their builders as `sp_eval_tests.support`, also under a bare `pytest`.
_ROOT = str(Path(__file__).resolve().parents[1])
if _ROOT not in sys.path:
    sys.path.insert(0, _ROOT)
