import {
  to = titanicml_promotion.survival
  identity = {
    model_package_group = "titanic-survival"
  }
}
