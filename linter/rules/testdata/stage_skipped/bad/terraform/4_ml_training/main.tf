terraform {} # want "stage 4_ml_training follows 2_storage; stage 3 is missing between them"
