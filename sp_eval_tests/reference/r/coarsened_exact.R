# Coarsened exact matching, step by step, with R's own findInterval and nclass.Sturges.
# Rscript coarsened_exact.R <folder that holds lalonde.csv>
# Printed by R 4.2.2; the figures stand in test_coarsened_exact.py.
options(digits = 12)
d <- read.csv(file.path(commandArgs(trailingOnly = TRUE)[1], "lalonde.csv")); t <- d$treat == 1
bins <- function(x, many = nclass.Sturges(x)) findInterval(x, c(-Inf, seq(min(x), max(x), length = many + 1)[2:many], Inf))
apart <- function(cell, w) {
  share <- function(g) tapply(w[g] / sum(w[g]), factor(cell[g], unique(cell)), sum, default = 0)
  sum(abs(share(t) - share(!t))) / 2
}
tell <- function(name, cell, other) {
  kept <- cell %in% intersect(cell[t], cell[!t])
  one <- ave(as.numeric(t), cell, FUN = sum); two <- ave(as.numeric(!t), cell, FUN = sum)
  w <- ifelse(!kept, 0, ifelse(t, 1, one / two * sum(kept & !t) / sum(kept & t)))
  cat(name, "\n  kept", sum(kept & t), sum(kept & !t), "strata", length(unique(cell[kept])), "\n  effective", sum(w[!t])^2 / sum(w[!t]^2),
      "largest", max(w[!t]), "\n  difference", weighted.mean(d$re78[t], w[t]) - weighted.mean(d$re78[!t], w[!t]),
      "\n  imbalance", apart(cell, rep(1, nrow(d))), "on other cells", apart(other, rep(1, nrow(d))), "then", apart(other, w), "\n")
}
fine <- paste(bins(d$age, 20), bins(d$educ, 12), d$race, d$married)
tell("as in MatchIt's example", paste(bins(d$age), d$race == "black", bins(d$married), bins(d$educ, 5)), fine)
tell("cutpoints", paste(findInterval(d$age, c(20, 25, 30, 40)), d$race, d$married, findInterval(d$educ, c(9, 12))), fine)
