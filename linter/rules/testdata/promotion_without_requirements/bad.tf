resource "titanicml_promotion" "none" { # want "titanicml_promotion.none has no requirements; every candidate would become the champion"
  candidate = "arn"
}

resource "titanicml_promotion" "empty" {
  candidate    = "arn"
  requirements = [] # want "titanicml_promotion.empty has no requirements"
}

resource "titanicml_promotion" "warns" {
  candidate    = "arn"
  requirements = [{ metric = "accuracy", min = 0.8, severity = "warn" }] # want "titanicml_promotion.warns has no requirement that rejects; make one block"
}

resource "titanicml_promotion" "relative" {
  candidate    = "arn"
  requirements = [{ metric = "accuracy", versus_champion = { max_drop = 0.01 } }] # want "titanicml_promotion.relative only compares with the champion"
}

resource "titanicml_promotion" "vacuous" {
  candidate = "arn"
  requirements = [
    { metric = "accuracy", min = 0 }, # want "titanicml_promotion.vacuous requires accuracy min 0, which every model meets"
    { metric = "auc", min = 0.8 },
    { metric = "recall", each_slice = "sex", max_gap = 1 }, # want "requires recall max_gap 1 for each sex, which every model meets"
    { metric = "f1" },                                      # want "titanicml_promotion.vacuous bounds nothing with its requirement on f1"
  ]
}
