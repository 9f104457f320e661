# Entropy balancing by R's own optim, on the dual as Hainmueller (2012) writes it.
# Rscript entropy_balance.R <folder that holds lalonde.csv, nsw_mixtape.csv and cps_mixtape.csv>
# Printed by R 4.2.2; the figures stand in test_entropy_balance.py.
folder <- commandArgs(trailingOnly = TRUE)[1]
options(digits = 12)

balance <- function(x, treated, base = rep(1, nrow(x))) {
  target <- colMeans(x[treated, , drop = FALSE])
  z <- sweep(x[!treated, , drop = FALSE], 2, target)
  z <- sweep(z, 2, apply(z, 2, sd), "/")
  q <- base[!treated] / sum(base[!treated])
  dual <- function(b) { e <- log(q) + drop(z %*% b); m <- max(e); m + log(sum(exp(e - m))) }
  slope <- function(b) { e <- log(q) + drop(z %*% b); w <- exp(e - max(e)); drop(w %*% z) / sum(w) }
  b <- rep(0, ncol(z))
  for (again in 1:40) {
    b <- optim(b, dual, slope, method = "BFGS", control = list(reltol = 1e-16, maxit = 5000))$par
  }
  w <- exp(log(q) + drop(z %*% b)); w <- w / sum(w)
  cat("largest gap", max(abs(drop(w %*% z))), "\n")
  w * sum(treated)
}
tell <- function(name, w, treated, y) {
  cat(name, "\n  effective size", sum(w)^2 / sum(w^2), "\n  largest", max(w),
      "\n  first five", w[1:5], "\n  difference", mean(y[treated]) - sum(w * y[!treated]) / sum(w), "\n")
}

d <- read.csv(file.path(folder, "lalonde.csv"))
d$black <- as.numeric(d$race == "black"); d$hispan <- as.numeric(d$race == "hispan")
columns <- c("age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75")
x <- as.matrix(d[columns]); treated <- d$treat == 1
tell("means", balance(x, treated), treated, d$re78)
squares <- x[, c("age", "educ", "re74", "re75")]
squares <- scale(squares)^2
tell("means and squares", balance(cbind(x, squares), treated), treated, d$re78)
tell("from base weights 1 + educ", balance(x, treated, 1 + d$educ), treated, d$re78)

one <- read.csv(file.path(folder, "nsw_mixtape.csv")); one <- one[one$treat == 1, ]
d <- rbind(one, read.csv(file.path(folder, "cps_mixtape.csv")))
d$u74 <- as.numeric(d$re74 == 0); d$u75 <- as.numeric(d$re75 == 0)
columns <- c("age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75", "u74", "u75")
tell("CPS", balance(as.matrix(d[columns]), d$treat == 1), d$treat == 1, d$re78)
