resource "titanicml_promotion" "survival" {
  model_package_group = "titanic-survival"
  candidate           = titanicml_model_version.candidate.arn
  evaluation          = titanicml_evaluation.holdout.id

  requirements = [
    # The value itself.
    { metric = "accuracy", min = 0.78 },
    # The lower 95% confidence bound has to clear it.
    { metric = "auc", min = 0.80, confidence = 0.95 },
    # At most one point worse than the champion, on the same passengers.
    { metric = "accuracy", versus_champion = { max_drop = 0.01 } },
    # In every slice, each with enough passengers to tell.
    { metric = "recall", min = 0.60, each_slice = "sex", min_examples = 50 },
    # The best and the worst class differ by at most 20 points.
    { metric = "accuracy", max_gap = 0.20, each_slice = "pclass" },
    # Only reported.
    { metric = "log_loss", max = 0.55, severity = "warn" },
  ]

  evidence = {
    max_age      = "24h"
    min_examples = 200
  }
}
