# Difference in differences, for test_difference_in_differences.py.
# R 4.2.2, MASS 7.3-58.2, sandwich 3.0-2. Data: MASS::epil (Thall & Vail 1990).
library(MASS)
library(sandwich)
show <- function(name, ...) cat(name, ": ", paste(format(c(...), digits = 12), collapse = " "), "\n", sep = "")
tight <- glm.control(epsilon = 1e-15, maxit = 100)
b <- epil[epil$period == 1, ]
long <- rbind(
  data.frame(patient = b$subject, trt = b$trt, age = b$age, visit = 0, y = b$base, days = 56),
  data.frame(patient = epil$subject, trt = epil$trt, age = epil$age, visit = epil$period,
    y = epil$y, days = 14)
)
long$a <- as.numeric(long$visit > 0)
long$e <- as.numeric(long$trt == "progabide")
m <- glm(y ~ e * a, poisson, long, offset = log(days), control = tight)
show("ratio", coef(m), sqrt(vcovCL(m, long$patient)["e:a", "e:a"]), sqrt(sandwich(m)["e:a", "e:a"]))
m <- glm(y ~ e * a + age, poisson, long, offset = log(days), control = tight)
show("ratio given age", coef(m)["e:a"], sqrt(vcovCL(m, long$patient)["e:a", "e:a"]))
l <- lm(y ~ e * a, long)
show("difference", coef(l), sqrt(vcovCL(l, long$patient)["e:a", "e:a"]),
  sqrt(vcovHC(l, "HC1")["e:a", "e:a"]), sqrt(vcov(l)["e:a", "e:a"]))
l <- lm(I(y / days) ~ e * a + age, long, weights = days)
show("difference of rates given age, per 1,000 years", 365250 * coef(l)["e:a"],
  365250 * sqrt(vcovCL(l, long$patient)["e:a", "e:a"]))
# the marginal difference that belongs to the ratio, by each row's weight
theta <- function(w) {
  m <- glm(y ~ e * a + age, quasipoisson, long, weights = w, offset = log(days), control = tight)
  cell <- long$e == 1 & long$a == 1
  sum((w * long$y)[cell]) / sum((w * long$days)[cell]) * (1 - exp(-coef(m)["e:a"]))
}
h <- 1e-4
slope <- sapply(seq_len(nrow(long)), function(i) {
  up <- down <- rep(1, nrow(long))
  up[i] <- 1 + h
  down[i] <- 1 - h
  (theta(up) - theta(down)) / (2 * h)
})
byp <- tapply(slope, long$patient, sum)
show("difference of the ratio", 365250 * theta(rep(1, nrow(long))),
  365250 * sqrt(sum(byp^2) * 59 / 58))
