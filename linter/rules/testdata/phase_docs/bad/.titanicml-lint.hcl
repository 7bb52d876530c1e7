rule "phase_docs" {
  files = ["00-foundations.md", "01-data-ingestion.md"]
}
