# Random-effects pooling of the BCG trials by metafor, whose figures test_synthesis.py holds.
# R 4.2.2, metafor 3.8-1 (Debian's r-cran-metafor). Rscript synthesis.R
suppressMessages(library(metafor))
options(digits = 12)
dat <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
cat("yi", format(as.numeric(dat$yi), digits = 15), "\nvi", format(dat$vi, digits = 15), "\n")
show <- function(name, fit) {
  ci <- confint(fit, control = list(tol = 1e-12))$random
  pi <- predict(fit)
  cat(name, "\n",
      "mean", fit$beta, "se", fit$se, "ci", fit$ci.lb, fit$ci.ub, "p", fit$pval, "\n",
      "tau2", fit$tau2, "profile", ci["tau^2", 2:3], "I2", fit$I2, "H2", fit$H2, "\n",
      "I2 profile", ci["I^2(%)", 2:3], "H2 profile", ci["H^2", 2:3], "\n",
      "Q", fit$QE, "p", fit$QEp, "prediction (metafor's degrees)", pi$pi.lb, pi$pi.ub, "\n")
  half <- qt(0.975, fit$k - 2) * sqrt(fit$tau2 + fit$se^2)
  cat(" prediction, t on k - 2", fit$beta - half, fit$beta + half, "\n")
}
control <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)
for (method in c("REML", "DL", "PM", "ML"))
  for (test in c("z", "knha"))
    show(paste(method, test), rma(yi, vi, data = dat, method = method, test = test, control = control))
# Sites that agree better than chance: the error of Knapp and Hartung is smaller than that of
# one site, and the ad hoc floor matters.
y <- c(-0.10, -0.12, -0.11, -0.09); v <- c(0.04, 0.05, 0.03, 0.06)^2
for (test in c("z", "knha", "adhoc")) show(paste("agree", test), rma(y, v, test = test))
