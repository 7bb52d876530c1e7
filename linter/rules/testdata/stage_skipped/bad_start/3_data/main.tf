terraform {} # want "stage 3_data is the first; stages 1 to 2 are missing before it"
