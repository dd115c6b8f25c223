# A forest of ranger on one core: the part of peers.py that needs R. Its arguments are
# FILE ROWS TEST COLUMNS CLASSES TREES SEED DEPTH SPLIT FEATURES, with 0 for no limit.
suppressMessages(library(ranger))
given <- commandArgs(trailingOnly = TRUE)
n <- as.integer(given[-1])
names(n) <- c("rows", "test", "columns", "classes", "trees", "seed", "depth", "split", "features")
input <- file(given[1], "rb")
x <- matrix(readBin(input, "numeric", n["rows"] * n["columns"], size = 4, endian = "little"), nrow = n["rows"])
y <- readBin(input, "numeric", n["rows"], size = 8, endian = "little")
close(input)
colnames(x) <- paste0("f", seq_len(ncol(x)))
if (n["classes"] == 1) y <- factor(y)
fits <- seq_len(n["rows"] - n["test"])
seconds <- function(since) sum((proc.time() - since)[c("user.self", "sys.self")])
start <- proc.time()
model <- ranger(
  x = x[fits, , drop = FALSE], y = y[fits], num.trees = n["trees"], seed = n["seed"] + 1, num.threads = 1,
  mtry = if (n["features"] == 0) ncol(x) else n["features"], max.depth = n["depth"],
  # A node of this size is not split any more.
  min.node.size = n["split"] - 1, oob.error = FALSE, verbose = FALSE
)
fit <- seconds(start)
start <- proc.time()
said <- predict(model, x[-fits, , drop = FALSE], num.threads = 1, verbose = FALSE)$predictions
predict <- seconds(start)
target <- y[-fits]
score <- if (n["classes"] == 1) mean(said == target) else 1 - sum((target - said)^2) / sum((target - mean(target))^2)
cat(sprintf('{"fit": %g, "predict": %g, "score": %g}\n', fit, predict, score))
