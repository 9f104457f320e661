"""Two-stage least squares by linearmodels 7.1; figures held in test_instrument.py.

linearmodels is not among the dependencies: run this in an environment that has it and polars.
"""

from __future__ import annotations

import sys

import pandas as pd
from linearmodels.iv import IV2SLS

from sp_eval_tests.support.published_data import offers

rows = pd.DataFrame(offers().to_dict(as_series=False)).astype(float)
rows["one"] = 1.0
rows["rate"] = 365250 * rows["contacts"] / rows["days"]
settings = {
    "model": {"cov_type": "unadjusted", "debiased": True},
    "robust": {"cov_type": "robust", "debiased": True},
    "practice": {
        "cov_type": "clustered",
        "clusters": rows["practice"].astype(int),
        "debiased": True,
    },
}
cases = {
    "cost": ("cost", ["one"], None),
    "cost given age": ("cost", ["one", "age"], None),
    "cost given age, weighted": ("cost", ["one", "age"], rows["weight"]),
    "contacts per 1,000 years": ("rate", ["one"], rows["days"]),
}
for name, (outcome, controls, weights) in cases.items():
    model = IV2SLS(rows[outcome], rows[controls], rows["taken"], rows["offered"], weights=weights)
    for errors, how in settings.items():
        fit = model.fit(**how)
        stage = fit.first_stage.individual["taken"]
        sys.stdout.write(
            f"{name}, {errors}: {fit.params['taken']:.10f} {fit.std_errors['taken']:.10f}"
            f" first stage {stage.params['offered']:.12f} {stage.std_errors['offered']:.12f}\n"
        )
