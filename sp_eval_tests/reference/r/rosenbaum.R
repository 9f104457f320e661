# Rosenbaum's bounds for the lead data, written out: ranks, deviates, and the shift at which a
# deviate changes sign among all midpoints between Walsh averages. R 4.2.2: Rscript rosenbaum.R
# Data: Morton et al. 1982, as in R's package DOS 1.0.0, which gives the same by senWilcox.
options(digits = 12)
exposed <- c(14, 13, 25, 41, 18, 49, 38, 23, 37, 62, 24, 45, 39, 48, 44, 35, 43, 34, 73, 39, 31,
             34, 20, 22, 35, 16, 36, 23, 21, 17, 27, 15, 10)
control <- c(13, 16, 11, 18, 24, 7, 16, 18, 19, 15, 18, 9, 14, 18, 19, 19, 11, 18, 13, 22, 16,
             25, 16, 21, 12, 16, 11, 10, 19, 10, 13, 24, 13)
d <- exposed - control
deviate <- function(shift, chance) {
  left <- d - shift
  rank_of <- rank(abs(left)) * (left != 0)  # a pair without difference keeps its rank only
  (sum(rank_of[left > 0]) - chance * sum(rank_of)) / sqrt(chance * (1 - chance) * sum(rank_of^2))
}
walsh <- sort(unique(outer(d, d, "+")[outer(seq_along(d), seq_along(d), "<=")] / 2))
crossing <- function(chance, level) {
  between <- (walsh[-1] + walsh[-length(walsh)]) / 2
  value <- sapply(between, deviate, chance = chance) - level
  above <- walsh[max(which(value > 1e-9)) + 1]  # the deviate is larger up to here
  below <- walsh[min(which(value < -1e-9))]     # and smaller from here on
  (above + below) / 2
}
for (gamma in c(1, 2, 3, 4, 4.25, 5)) {
  p <- gamma / (1 + gamma)
  cat(gamma, "p", pnorm(-deviate(0, 1 - p)), pnorm(-deviate(0, p)), "point", crossing(p, 0),
      crossing(1 - p, 0), "interval", crossing(p, qnorm(0.975)), crossing(1 - p, -qnorm(0.975)),
      "\n")
}
cat("Pairs that differ in an event, 110 against 12: exact, and normal with continuity\n")
for (gamma in 1:6) {
  p <- gamma / (1 + gamma)
  cat(gamma, pbinom(109, 122, p, lower.tail = FALSE),
      pnorm((109.5 - 122 * p) / sqrt(122 * p * (1 - p)), lower.tail = FALSE), "\n")
}
