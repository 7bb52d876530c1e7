gate = { approval = true, min_accuracy = 0.8 }
