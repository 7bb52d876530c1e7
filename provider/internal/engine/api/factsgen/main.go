// Command factsgen distils botocore's SageMaker service model into the shape
// table that package api embeds: only what the engine's operations reach, without
// documentation. `make facts` runs it; the table is committed.
//
//	go run ./provider/internal/engine/api/factsgen -model .../service-2.json.gz -source botocore-1.43.11 -out provider/internal/engine/api/shapes.json.gz
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/api"
)

type source struct {
	Metadata struct {
		APIVersion   string `json:"apiVersion"`
		TargetPrefix string `json:"targetPrefix"`
	} `json:"metadata"`
	Operations map[string]struct {
		Input  *reference  `json:"input"`
		Output *reference  `json:"output"`
		Errors []reference `json:"errors"`
	} `json:"operations"`
	Shapes map[string]shape `json:"shapes"`
}

type reference struct {
	Shape string `json:"shape"`
}

type shape struct {
	Type     string               `json:"type"`
	Required []string             `json:"required"`
	Members  map[string]reference `json:"members"`
	Member   *reference           `json:"member"`
	Key      *reference           `json:"key"`
	Value    *reference           `json:"value"`
	Min      *json.Number         `json:"min"`
	Max      *json.Number         `json:"max"`
	Pattern  string               `json:"pattern"`
	Enum     []string             `json:"enum"`
}

func main() {
	model := flag.String("model", "", "botocore's data/sagemaker/2017-07-24/service-2.json, plain or .gz")
	from := flag.String("source", "", "where the model comes from, e.g. botocore-1.43.11; kept in the table's header")
	out := flag.String("out", "", "table to write")
	flag.Parse()
	if *model == "" || *from == "" || *out == "" {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*model, *from, *out); err != nil {
		fmt.Fprintln(os.Stderr, "factsgen:", err)
		os.Exit(1)
	}
}

func run(model, from, out string) error {
	raw, err := read(model)
	if err != nil {
		return fmt.Errorf("read service model: %w", err)
	}
	var src source
	if err := json.Unmarshal(raw, &src); err != nil {
		return fmt.Errorf("decode service model %s: %w", model, err)
	}
	table, err := distil(src, from)
	if err != nil {
		return err
	}
	// Map keys are sorted by encoding/json and the gzip header carries no time,
	// so the same model always gives the same bytes.
	body, err := json.Marshal(table)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := zip.Write(body); err != nil {
		return err
	}
	if err := zip.Close(); err != nil {
		return err
	}
	if err := os.WriteFile(out, packed.Bytes(), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d operations, %d shapes, %d bytes\n", out, len(table.Operations), len(table.Shapes), packed.Len())
	return nil
}

func read(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if !strings.HasSuffix(name, ".gz") {
		return io.ReadAll(file)
	}
	zip, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(zip)
}

// reached names, of a structure that joins what all of SageMaker has, the
// members that the engine fills.
var reached = map[string][]string{"SearchRecord": {"TrainingJob", "Endpoint", "ModelPackage", "ModelPackageGroup"}}

func distil(src source, from string) (api.Table, error) {
	table := api.Table{
		Source:     from,
		APIVersion: src.Metadata.APIVersion,
		Operations: map[string]api.OperationFacts{},
		Shapes:     map[string]*api.Shape{},
	}
	var missing []error
	var keep func(name string)
	keep = func(name string) {
		if _, done := table.Shapes[name]; done {
			return
		}
		s, ok := src.Shapes[name]
		if !ok {
			missing = append(missing, fmt.Errorf("shape %s is referenced and absent", name))
			return
		}
		kept := &api.Shape{Type: s.Type, Required: s.Required, Min: s.Min, Max: s.Max, Pattern: s.Pattern, Enum: s.Enum}
		table.Shapes[name] = kept
		for member, ref := range s.Members {
			if only := reached[name]; only != nil && !slices.Contains(only, member) {
				continue
			}
			if kept.Members == nil {
				kept.Members = map[string]string{}
			}
			kept.Members[member] = ref.Shape
			keep(ref.Shape)
		}
		for _, inner := range []struct {
			ref *reference
			to  *string
		}{{s.Member, &kept.Member}, {s.Key, &kept.Key}, {s.Value, &kept.Value}} {
			if inner.ref != nil {
				*inner.to = inner.ref.Shape
				keep(inner.ref.Shape)
			}
		}
	}
	for _, name := range api.Operations {
		op, ok := src.Operations[name]
		if !ok {
			missing = append(missing, fmt.Errorf("operation %s is absent from the service model", name))
			continue
		}
		var facts api.OperationFacts
		if op.Input != nil {
			facts.Input = op.Input.Shape
			keep(facts.Input)
		}
		if op.Output != nil {
			facts.Output = op.Output.Shape
			keep(facts.Output)
		}
		for _, e := range op.Errors {
			facts.Errors = append(facts.Errors, e.Shape)
		}
		table.Operations[name] = facts
	}
	return table, errors.Join(missing...)
}
