rule "phase_docs" {
  folder = "documents"
  files  = ["all.md"]
}
