min_f1 = 0.55
