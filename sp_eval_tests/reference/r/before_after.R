# The same people before and after, for test_before_after.py. R 4.2.2, MASS 7.3-58.2, sandwich 3.0-2.
library(MASS)
library(sandwich)
show <- function(name, ...) cat(name, ": ", paste(format(c(...), digits = 12), collapse = " "), "\n", sep = "")
tight <- glm.control(epsilon = 1e-15, maxit = 100)
# Thall & Vail (1990), patients on placebo: seizures in eight weeks before and eight after
b <- epil[epil$period == 1, ]
after <- as.vector(tapply(epil$y, epil$subject, sum))
long <- data.frame(patient = rep(b$subject, 2), trt = rep(b$trt, 2),
  y = c(b$base, after), late = rep(0:1, each = nrow(b)), days = 56)
one <- subset(long, trt == "placebo")
m <- glm(y ~ late, poisson, one, offset = log(days), control = tight)
show("ratio", coef(m)["late"], sqrt(vcovCL(m, one$patient)["late", "late"]))
# by tens of patients
tens <- one$patient %/% 5
show("ratio by groups", sqrt(vcovCL(m, tens)["late", "late"]))
# Student (1908), R's sleep: extra hours of sleep on two drugs, the same ten people
print(with(sleep, t.test(extra[group == 2], extra[group == 1], paired = TRUE)), digits = 10)
# mean change with clusters: an intercept alone, errors by pairs of people
change <- with(sleep, extra[group == 2] - extra[group == 1])
l <- lm(change ~ 1)
show("mean change by pairs of people", sqrt(vcovCL(l, (0:9) %/% 2, type = "HC0")))
