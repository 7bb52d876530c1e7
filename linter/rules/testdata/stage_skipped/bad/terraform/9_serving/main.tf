terraform {} # want "stages 5 to 8 are missing between them"
