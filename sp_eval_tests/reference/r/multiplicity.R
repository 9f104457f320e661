# Adjusted p-values by base R's p.adjust. R 4.2.2: Rscript multiplicity.R
# The fifteen p-values are those of Benjamini and Hochberg 1995, section 4.2.
options(digits = 12)
p <- c(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
       0.5719, 0.6528, 0.7590, 1.0000)
cat("holm", p.adjust(p, "holm"), "\nBH", p.adjust(p, "BH"), "\n")
