# BCa intervals of a difference of two means, for test_bootstrap_difference.py.
# R 4.2.2, boot 1.3-28.1. Data: boot::gravity, series 7 and 8 (Davison & Hinkley 1997, example 3.2).
# The draws are Park and Miller's (x <- 16807 x mod 2^31 - 1), so that other programs can make them.
library(boot)
show <- function(name, ...) cat(name, ": ", paste(format(c(...), digits = 12), collapse = " "), "\n", sep = "")
state <- 20240607
park_miller <- function(n) {
  out <- numeric(n)
  for (i in seq_len(n)) {
    state <<- (16807 * state) %% 2147483647
    out[i] <- state / 2147483647
  }
  out
}
two <- gravity[as.numeric(gravity$series) >= 7, ]
two$series <- factor(two$series)
one <- two$g[two$series == 7]
other <- two$g[two$series == 8]
draws <- 999
t <- replicate(draws, {
  a <- one[1 + floor(park_miller(13) * 13)]
  b <- other[1 + floor(park_miller(13) * 13)]
  mean(b) - mean(a)
})
difference <- function(d, w) {
  sum((d$g * w)[d$series == 8]) / sum(w[d$series == 8]) -
    sum((d$g * w)[d$series == 7]) / sum(w[d$series == 7])
}
b <- boot(two, difference, R = draws, stype = "w", strata = two$series)
b$t <- matrix(t)
# both series hold 13, so that boot's acceleration is that of two samples
L <- empinf(b, type = "jack")
show("point, mean and sd of draws", b$t0, mean(t), sd(t))
show("bias correction", qnorm(sum(t < b$t0) / draws), sum(t == b$t0))
show("acceleration", sum(L^3) / (6 * sum(L^2)^1.5))
ci <- boot.ci(b, conf = c(0.9, 0.95), type = c("perc", "bca"), L = L)
show("levels .9", ci$bca[1, 2:3] / (draws + 1))
show("levels .95", ci$bca[2, 2:3] / (draws + 1))
show("bca .9 .95", t(ci$bca[, 4:5]))
show("percentile .9 .95", t(ci$percent[, 4:5]))
# Efron & Tibshirani (1993), section 14.2: spatial test, A, variance
spatial <- c(48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24,
  26, 30, 41)
v <- function(x) mean((x - mean(x))^2)
show("spatial test A", v(spatial), length(spatial))
