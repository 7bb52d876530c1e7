data "titanicml_champion" "survival" {
  model_package_group = "titanic-survival"
}

output "champion" {
  value = data.titanicml_champion.survival.exists ? data.titanicml_champion.survival.model_package_arn : "none yet"
}
