output "holdout_rows" {
  description = "Passengers held out for the gate."
  value       = titanicml_dataset.holdout.row_count
}

output "holdout_uri" {
  description = "Where the held-out data is stored."
  value       = titanicml_dataset.holdout.uri
}

output "summary" {
  description = "Both parts in one line."
  value       = "${titanicml_dataset.train.row_count} passengers to learn from, ${titanicml_dataset.holdout.row_count} held out"
}

output "train_rows" {
  description = "Passengers to learn from."
  value       = titanicml_dataset.train.row_count
}

output "train_uri" {
  description = "Where the training data is stored."
  value       = titanicml_dataset.train.uri
}
