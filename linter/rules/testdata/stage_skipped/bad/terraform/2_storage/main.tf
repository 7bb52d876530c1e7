terraform {} # want "stage 2_storage has the number of 2_networking"
