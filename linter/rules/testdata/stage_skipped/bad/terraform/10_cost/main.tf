terraform {} # want "stage 10_cost sorts before 9_serving; write all numbers with the same count of digits"
