locals {
  broken   = "$${"
  greeting = "Hi $${name}"
}
