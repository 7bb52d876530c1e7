# Examples are read and tried, on one machine and with whatever versions are there. What terraform/ must do, they need not.

# State stays beside the example that it belongs to.
rule "backend_state" {
  allow = ["local"]
}

# The folders that the reference is generated from hold single blocks; the configuration around them is the reader's, and the
# provider's default_tags in it, as provider/provider.tf shows.
rule "required_tags" {
  exclude = ["resources/**"]
}

# The single blocks again. The quickstart takes any newer version, so that it runs with the one that was just built.
rule "version_pinned" {
  exclude     = ["actions/**", "data-sources/**", "functions/**", "provider/**", "resources/**"]
  upper_bound = false
}

# The quickstart's four steps are small enough to keep no ledger of stages and no evidence; terraform/ shows both.
rule "stage_contract" {
  exclude = ["quickstart/**"]
}

rule "stage_evidence" {
  exclude = ["quickstart/**"]
}
