rule "required_tags" {
  tags     = ["env", "owner"]
  values   = { env = ["dev", "prod"] }
  patterns = { owner = "^[a-z-]+$" }
}
