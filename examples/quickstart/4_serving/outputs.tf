output "champion_version" {
  description = "The version that the champion pointer names."
  value       = data.titanicml_champion.survival.version
}

output "endpoint_name" {
  description = "Name of the endpoint, for `titanicml-local invoke`."
  value       = titanicml_endpoint.survival.name
}

output "summary" {
  description = "The endpoint in one line."
  value       = "${titanicml_endpoint.survival.name} is ${titanicml_endpoint.survival.status} with version ${titanicml_endpoint.survival.version}"
}

output "version" {
  description = "The version that the endpoint serves."
  value       = titanicml_endpoint.survival.version
}
