"""Levels of patients and visits absorbed, by pyfixest 0.60.0; figures held in test_rate_ratio.py.

pyfixest is not among the dependencies: run this in an environment that has it and polars.
"""

from __future__ import annotations

import sys

import numpy as np
import pyfixest as pf

from sp_eval_tests.support.published_data import epilepsy_long

long = epilepsy_long().to_pandas()
long["both"] = (long["progabide"] & long["after"]).astype(float)
long["after"] = long["after"].astype(float)
long["log_days"] = np.log(long["days"])
ssc = pf.ssc(k_adj=False, G_adj=True)
for levels, formula in {
    "patient": "y ~ both + after | patient",
    "patient and visit": "y ~ both | patient + visit",
}.items():
    fit = pf.fepois(
        formula, long, vcov={"CRV1": "patient"}, ssc=ssc, offset="log_days",
        iwls_tol=1e-13, iwls_maxiter=200, fixef_tol=1e-13,
    )  # fmt: skip
    sys.stdout.write(f"{levels}: {fit.coef()['both']:.12f} {fit.se()['both']:.12f}\n")
