# Every group with a champion.
list "titanicml_promotion" "all" {
  provider = titanicml
}
