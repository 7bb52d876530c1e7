resource "titanicml_endpoint" "survival" {
  name     = "titanic-survival"
  serving  = titanicml_promotion.survival.serving
  instance = { type = "ml.t2.medium", count = 1 }

  # A tenth of the traffic first; five quiet minutes later the rest.
  rollout = { strategy = "canary", size = 10, bake = "5m" }

  # A version that does not answer this with a probability is taken out of service again.
  smoke_test = {
    payload        = "3,male,22,1,0"
    content_type   = "text/csv"
    csv_column     = 0
    min            = 0
    max            = 1
    max_latency_ms = 500
  }
}
