output "decision" {
  description = "What the gate decided."
  value       = titanicml_promotion.survival.decision
}

output "record" {
  description = "Where the decision is written down."
  value       = titanicml_promotion.survival.record
}

output "serving" {
  description = "The champion: what stage 4 may serve."
  value       = titanicml_promotion.survival.serving
}

output "summary" {
  description = "The decision in one line."
  value = format("%s: version %d is the champion", titanicml_promotion.survival.decision,
  titanicml_promotion.survival.serving.version)
}
