// Rulepages writes docs/rules from the rules' metadata and their examples. Input: linter/rules. Output: one page each.
package main

import (
	"fmt"
	"os"

	"github.com/titanicml/terraform-provider-titanicml/linter/report"
	"github.com/titanicml/terraform-provider-titanicml/linter/rules"
)

func main() {
	pages, err := report.Pages(rules.All(), os.DirFS("testdata"))
	if err == nil {
		err = report.WritePages("../../docs/rules", pages)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rulepages:", err)
		os.Exit(1)
	}
}
