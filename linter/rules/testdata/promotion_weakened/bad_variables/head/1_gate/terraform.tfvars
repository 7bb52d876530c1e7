gate = { approval = false, min_accuracy = 0.75 }
