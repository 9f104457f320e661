# Segmented regression of the Sicilian smoking ban: coefficients, quasi-Poisson and Newey-West errors.
# Run with R 4.2.2, sandwich 3.0-2, lmtest 0.9-40:  Rscript interrupted_series.R
# Data: Bernal, Cummins & Gasparrini (2017), doi 10.1093/ije/dyw098, sicily.csv of
# gasparrini/2017_lopezbernal_IJE_codedata @ 8545626. The figures it prints are typed into
# test_interrupted_series.py.
suppressMessages({library(sandwich); library(lmtest)})
aces <- c(728,659,791,734,757,726,760,740,720,814,795,858,887,766,851,769,781,756,766,752,765,831,879,
  928,914,808,937,840,916,828,845,818,860,839,887,886,831,796,833,820,877,758,767,738,781,843,850,908,
  1021,859,976,888,962,838,810,876,843,936,912)
stdpop <- c(379875.3,376495.5,377040.8,377116.4,377383.4,374113.1,379513.3,376295.5,374653.2,378485.6,
  375955.5,378349.7,376762.4,379032.3,379360.4,376162,377972.4,381830.7,379888.6,380872.2,380966.9,
  381240.4,382104.9,381802.7,381656.3,383680,383504.2,386462.9,383783.1,380836.8,383483,380906.2,
  382926.8,384052.4,384449.6,383428.4,388153.2,388373.2,386470.1,386033.2,383686.4,385509.3,385901.9,
  386516.6,388436.5,383255.2,390148.7,385874.9,391613.6,391750.4,394005.6,391364.9,391664.6,389022.3,
  391878.5,388575.3,392989,390018.8,390712.3)
time <- 1:59
since <- time - 37
level <- as.numeric(time >= 37)
slope <- level * since
s1 <- sin(2 * pi * time / 12); c1 <- cos(2 * pi * time / 12)
s2 <- sin(4 * pi * time / 12); c2 <- cos(4 * pi * time / 12)
lag <- floor(4 * (59 / 100)^(2 / 9))
options(digits = 12)
fine <- glm.control(epsilon = 1e-15, maxit = 50) # R stops a step early by default
tell <- function(name, fit, lags = lag) {
  cat("\n==", name, " dispersion", summary(fit)$dispersion, " lag", lags, "\n")
  print(cbind(b = coef(fit), model = sqrt(diag(vcov(fit))),
    nw = sqrt(diag(NeweyWest(fit, lag = lags, prewhite = FALSE)))))
}
step <- glm(aces ~ offset(log(stdpop)) + since + level, family = quasipoisson, control = fine)
tell("step", step)
plain <- glm(aces ~ offset(log(stdpop)) + since + level, family = poisson, control = fine)
cat("published: ", round(exp(c(coef(plain)["level"], coef(plain)["level"] + c(-1, 1) * qnorm(.975) *
  sqrt(vcov(plain)["level", "level"]))), 3), "\n")
season <- glm(aces ~ offset(log(stdpop)) + since + level + s1 + c1 + s2 + c2, family = quasipoisson, control = fine)
tell("step and season", season)
full <- glm(aces ~ offset(log(stdpop)) + since + level + slope + s1 + c1 + s2 + c2, family = quasipoisson, control = fine)
tell("level, slope and season", full)
tell("level, slope and season, lag 0", full, 0)
cat("deviance residuals: Durbin-Watson", sum(diff(residuals(full))^2) / sum(residuals(full)^2), "\n")
print(Box.test(residuals(full), lag = 10, type = "Ljung-Box")[c("statistic", "p.value")])
end <- c(0, 0, 1, 22, 0, 0, 0, 0)
v <- NeweyWest(full, lag = lag, prewhite = FALSE)
cat("at end", exp(sum(end * coef(full))), " se", sqrt(t(end) %*% v %*% end), "\n")
x <- model.matrix(full); x0 <- x; x0[, c("level", "slope")] <- 0
average <- function(b) log(sum((stdpop * exp(x %*% b))[time >= 37]) / sum((stdpop * exp(x0 %*% b))[time >= 37]))
gradient <- sapply(1:8, function(j) { d <- replace(numeric(8), j, 1e-6)
  (average(coef(full) + d) - average(coef(full) - d)) / 2e-6 })
cat("average", exp(average(coef(full))), " se", sqrt(t(gradient) %*% v %*% gradient), "\n")
rate <- aces / stdpop * 1e5
line <- lm(rate ~ since + level + slope)
cat("\n== gaussian  sigma", summary(line)$sigma, " dw", dwtest(line)$statistic, "\n")
print(cbind(b = coef(line), model = sqrt(diag(vcov(line))),
  nw = sqrt(diag(NeweyWest(line, lag = lag, prewhite = FALSE)))))
# with a control series made up by a formula: both stacked, every term in each
control <- round(400 * exp(0.002 * time) + 30 * sin(2 * pi * time / 12) + 20 * ((time * 7919) %% 13 - 6) / 6)
both <- data.frame(y = c(control, aces), pop = c(rep(2e5, 59), stdpop), own = rep(0:1, each = 59),
  time = rep(time, 2), since = rep(since, 2), level = rep(level, 2), slope = rep(slope, 2),
  s1 = rep(s1, 2), c1 = rep(c1, 2))
two <- glm(y ~ offset(log(pop)) + (since + level + slope + s1 + c1) * own, family = quasipoisson, data = both, control = fine)
panel <- vcovPL(two, cluster = ~own, order.by = ~time, lag = lag, aggregate = TRUE, type = "HC0", cadjust = FALSE,
  adjust = FALSE)
cat("\n== comparative  dispersion", summary(two)$dispersion, "\n")
print(cbind(b = coef(two), model = sqrt(diag(vcov(two))), nw = sqrt(diag(panel))))
cat("\nR", as.character(getRversion()), "sandwich", as.character(packageVersion("sandwich")), "\n")
