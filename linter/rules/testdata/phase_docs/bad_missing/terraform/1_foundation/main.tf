locals {} # want "docs/00-foundations.md is missing" "docs/01" "docs/02" "docs/03" "docs/04" "docs/05" "docs/06" "docs/07-cost-governance.md is missing"
