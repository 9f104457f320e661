# Exact ratio of two rates, and Wilson's interval, by base R. R 4.2.2: Rscript follow_up.R
options(digits = 12)
for (case in list(c(56, 48, 21000, 28000), c(3, 0, 3000, 7000), c(2, 9, 900, 1500))) {
  found <- poisson.test(case[1:2], case[3:4])
  cat("ratio", found$estimate, found$conf.int, "p", found$p.value, "\n")
}
for (case in list(c(56, 70), c(48, 80), c(0, 20))) {
  cat("wilson", prop.test(case[1], case[2], correct = FALSE)$conf.int, "\n")
}
