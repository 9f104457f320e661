# Poisson rate ratios and their errors, for test_rate_ratio.py.
# R 4.2.2, MASS 7.3-58.2, sandwich 3.0-2. Data: MASS::ships, MASS::quine, MASS::epil.
library(MASS)
library(sandwich)
options(digits = 15)
tight <- glm.control(epsilon = 1e-15, maxit = 100)
show <- function(name, ...) cat(name, ": ", paste(format(c(...), digits = 12), collapse = " "), "\n", sep = "")

# McCullagh & Nelder (1989), section 6.3.2: ships in operation 1975-79 against 1960-74
s <- subset(ships, service > 0)
s$late <- as.numeric(s$period == 75)
m <- glm(incidents ~ late + type + factor(year), quasipoisson, s, offset = log(service), control = tight)
show("ships", coef(m)["late"], sqrt(vcov(m)["late", "late"]), summary(m)$dispersion, m$df.residual)
show("ships HC0", sqrt(sandwich(m)["late", "late"]))
show("ships by type", sqrt(vcovCL(m, s$type)["late", "late"]))

# Quine: girls against boys
q <- quine
q$x <- as.numeric(q$Sex == "F")
q$w <- with(q, 1 + (Days %% 4) / 2)
cells <- interaction(q$Eth, q$Age, q$Lrn, drop = TRUE)
m <- glm(Days ~ x + Eth + Age + Lrn, quasipoisson, q, weights = w, control = tight)
show("quine weighted", coef(m)["x"], sqrt(vcov(m)["x", "x"]), summary(m)$dispersion)
show("quine weighted HC0", sqrt(sandwich(m)["x", "x"]))
show("quine weighted one way", sqrt(vcovCL(m, cells)["x", "x"]))
both <- data.frame(cells, as.integer(q$Days %% 7))
show("quine weighted two ways", sqrt(vcovCL(m, both)["x", "x"]))

# Two ways where no two rows share both
e <- epil
m <- glm(y ~ trt + log(base) + age, quasipoisson, e, control = tight)
two <- data.frame(e$subject, e$period)
show("epil one way", coef(m)[2], sqrt(vcovCL(m, e$subject)[2, 2]))
show("epil two ways, last term of rows", sqrt(vcovCL(m, two, multi0 = TRUE)[2, 2]))

# Marginal difference of the exposed by g-computation, and its error by the delta method with the
# covariates' own sampling: a numerical derivative by each row's weight (infinitesimal jackknife)
d <- subset(ships, service > 0)
d$late <- as.numeric(d$period == 75)
theta <- function(w) {
  m <- suppressWarnings(glm(incidents ~ late + type + factor(year), poisson, d, weights = w,
    offset = log(service), control = tight))
  one <- d$late == 1
  with1 <- fitted(m)[one]
  sum(w[one] * with1 * (1 - exp(-coef(m)["late"]))) / sum(w[one] * d$service[one])
}
n <- nrow(d)
h <- 1e-4
slope <- sapply(seq_len(n), function(i) {
  up <- down <- rep(1, n)
  up[i] <- 1 + h
  down[i] <- 1 - h
  (theta(up) - theta(down)) / (2 * h)
})
show("ships difference per 1,000 years of 365.25 'days'", 365250 * theta(rep(1, n)),
  365250 * sqrt(sum(slope^2)))

# A level for each patient: a dummy each, errors clustered by patient
b <- epil[epil$period == 1, ]
long <- rbind(
  data.frame(patient = b$subject, trt = b$trt, visit = 0, y = b$base, days = 56),
  data.frame(patient = epil$subject, trt = epil$trt, visit = epil$period, y = epil$y, days = 14)
)
long$after <- as.numeric(long$visit > 0)
long$both <- long$after * (long$trt == "progabide")
m <- glm(y ~ both + after + factor(patient), poisson, long, offset = log(days),
  control = tight)
show("epil by patient", coef(m)["both"], sqrt(vcovCL(m, long$patient)["both", "both"]),
  sqrt(sandwich(m)["both", "both"]))
pearson <- sum(residuals(m, "pearson")^2) / m$df.residual
show("epil by patient, quasi", sqrt(pearson * vcov(m)["both", "both"]), pearson)
m <- glm(y ~ both + factor(patient) + factor(visit), poisson, long, offset = log(days),
  control = tight)
pearson <- sum(residuals(m, "pearson")^2) / m$df.residual
show("epil by patient and visit", coef(m)["both"], sqrt(vcovCL(m, long$patient)["both", "both"]),
  sqrt(pearson * vcov(m)["both", "both"]))
