locals {} # want "docs/iterations documents no iteration; write ITER-YYYYMMDD-XX.md"
