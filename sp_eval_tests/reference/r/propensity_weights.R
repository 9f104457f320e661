# Propensity weights by their formulas on R's glm, and the preference score of Walker et al. (2013).
# Rscript propensity_weights.R <folder of lalonde.csv> <folder of nhefs_complete.csv>
# Printed by R 4.2.2; the figures stand in test_propensity_weights.py and test_overlap.py.
folders <- commandArgs(trailingOnly = TRUE)
options(digits = 12)
size <- function(w) sum(w)^2 / sum(w^2)
tell <- function(name, w, t, y) {
  cat(name, "\n  effective sizes", size(w[t]), size(w[!t]), "\n  largest", max(w), "of comparison", max(w[!t]),
      "\n  difference", weighted.mean(y[t], w[t]) - weighted.mean(y[!t], w[!t]), "\n")
}
exact <- glm.control(epsilon = 1e-14, maxit = 100)

d <- read.csv(file.path(folders[1], "lalonde.csv")); t <- d$treat == 1
p <- fitted(glm(treat ~ age + educ + race + married + nodegree + re74 + re75, binomial, d, control = exact))
tell("ATT", ifelse(t, 1, p / (1 - p)), t, d$re78)
tell("ATE", ifelse(t, 1 / p, 1 / (1 - p)), t, d$re78)
tell("ATO", ifelse(t, 1 - p, p), t, d$re78)
w <- ifelse(t, 1, p / (1 - p)); w[!t] <- pmin(w[!t], quantile(w[!t], 0.9))
tell("ATT cut at 0.9", w, t, d$re78)
w <- ifelse(t, 1 / p, 1 / (1 - p)); w <- pmin(w, quantile(w, 0.95))
tell("ATE cut at 0.95", w, t, d$re78)
f <- plogis(qlogis(p) - qlogis(mean(t)))
cat("preference\n  first five", f[1:5], "\n  within", mean(f >= 0.3 & f <= 0.7), "exposed", mean(f[t] >= 0.3 & f[t] <= 0.7),
    "comparison", mean(f[!t] >= 0.3 & f[!t] <= 0.7), "\n  below", mean(p[t] < min(p[!t])), "above", mean(p[t] > max(p[!t])),
    "\n  exposed in fifths", hist(f[t], seq(0, 1, 0.2), plot = FALSE)$counts,
    "\n  comparison in fifths", hist(f[!t], seq(0, 1, 0.2), plot = FALSE)$counts, "\n")

d <- read.csv(file.path(folders[2], "nhefs_complete.csv")); t <- d$qsmk == 1
p <- fitted(glm(qsmk ~ sex + race + age + I(age^2) + factor(education) + smokeintensity + I(smokeintensity^2) + smokeyrs +
  I(smokeyrs^2) + factor(exercise) + factor(active) + wt71 + I(wt71^2), binomial, d, control = exact))
w <- ifelse(t, 1 / p, 1 / (1 - p))
cat("nhefs: mean", mean(w), "smallest", min(w), "\n")
tell("nhefs ATE", w, t, d$wt82_71)
