# Negative binomial rate ratios, for test_negative_binomial.py.
# R 4.2.2, MASS 7.3-58.2, sandwich 3.0-2. Data: MASS::quine, MASS::epil.
library(MASS)
library(sandwich)
show <- function(name, ...) cat(name, ": ", paste(format(c(...), digits = 12), collapse = " "), "\n", sep = "")
tight <- glm.control(epsilon = 1e-14, maxit = 200)
# glm stops when the deviance does; here scoring steps and theta are turned on until nothing moves.
settle <- function(X, y, w) {
  m <- suppressWarnings(glm.nb(y ~ X - 1, weights = w))
  beta <- coef(m)
  theta <- m$theta
  for (i in 1:200) {
    mu <- as.vector(exp(X %*% beta))
    k <- w / (1 + mu / theta)
    beta <- beta + solve(crossprod(X, X * k * mu), crossprod(X, k * (y - mu)))
    slope <- sum(w * (digamma(y + theta) - digamma(theta) + log(theta) + 1 - log(theta + mu) -
      (y + theta) / (mu + theta)))
    curve <- sum(w * (trigamma(y + theta) - trigamma(theta) + 1 / theta - 2 / (mu + theta) +
      (y + theta) / (mu + theta)^2))
    theta <- theta - slope / curve
  }
  list(beta = beta, theta = theta, error = sqrt(-1 / curve), mu = as.vector(exp(X %*% beta)), X = X)
}
report <- function(name, f, w, y, clusters) {
  X <- f$X
  mu <- f$mu
  a <- 1 / f$theta
  bread <- solve(t(X) %*% (X * (w * mu / (1 + a * mu))))
  score <- X * (w * (y - mu) / (1 + a * mu))
  s <- rowsum(score, clusters)
  grouped <- nrow(s) / (nrow(s) - 1) * crossprod(s)
  at <- function(v) sqrt(v["x", "x"])
  loglik <- sum(w * dnbinom(y, size = f$theta, mu = mu, log = TRUE))
  show(name, f$beta["x", ], a, f$error * a^2, loglik)
  show(paste(name, "model, robust, by cell"), at(bread),
    at(bread %*% crossprod(score) %*% bread), at(bread %*% grouped %*% bread))
  # The marginal difference over girls: g-computation, with the influence of every coefficient
  one <- X[, "x"] == 1
  b <- f$beta["x", ]
  rate <- sum((w * mu)[one]) / sum(w[one])
  slope <- colSums((w * mu * X)[one, ]) / sum(w[one])
  influence <- score %*% bread
  of_rate <- ifelse(one, w * (mu - rate) / sum(w[one]), 0) + influence %*% slope
  joint <- (1 - exp(-b)) * of_rate + rate * exp(-b) * influence[, "x"]
  show(paste(name, "difference"), rate * (1 - exp(-b)), sqrt(sum(joint^2)))
}
q <- quine
q$x <- as.numeric(q$Sex == "F")
cells <- as.integer(interaction(q$Eth, q$Age, q$Lrn, drop = TRUE))
ones <- rep(1, nrow(q))
X <- model.matrix(~ x + Eth + Age + Lrn, q)
f <- settle(X, q$Days, ones)
report("quine", f, ones, q$Days, cells)
w <- 1 + (q$Days %% 4) / 2
report("quine weighted", settle(X, q$Days, w), w, q$Days, cells)

# As printed by MASS itself, whose summary holds theta and whose sandwich does too
m <- glm.nb(Days ~ x + Eth + Age + Lrn, q)
show("MASS", coef(m)["x"], summary(m)$coefficients["x", 2], m$theta, m$SE.theta, as.numeric(logLik(m)))
show("MASS sandwich", sqrt(sandwich(m)["x", "x"]), sqrt(vcovCL(m, cells)["x", "x"]))

# The same difference when each row's weight is moved a little (infinitesimal jackknife, theta
# held): its information is the observed one, so that it agrees but nearly.
theta <- function(w) {
  q$w <- w
  m <- suppressWarnings(glm(Days ~ x + Eth + Age + Lrn, negative.binomial(f$theta), q, weights = w,
    control = tight))
  one <- q$x == 1
  sum(w[one] * fitted(m)[one] * (1 - exp(-coef(m)["x"]))) / sum(w[one])
}
h <- 1e-3
slope <- sapply(seq_along(ones), function(i) {
  up <- down <- ones
  up[i] <- 1 + h
  down[i] <- 1 - h
  (theta(up) - theta(down)) / (2 * h)
})
show("quine difference by moved weights", theta(ones), sqrt(sum(slope^2)))
