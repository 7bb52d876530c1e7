package api

import "testing"

func TestEmbeddedTableLoads(t *testing.T) {
	table, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Operations {
		if _, ok := table.Operations[name]; !ok {
			t.Errorf("operation %s is not in the table; run make facts", name)
		}
	}
	if len(table.Operations) != len(Operations) {
		t.Errorf("table has %d operations, Operations %d", len(table.Operations), len(Operations))
	}
}
