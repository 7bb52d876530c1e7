package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
)

// vulnerabilities are what govulncheck says of the module.
type vulnerabilities struct {
	// Go is the version whose standard library was judged, Database when the list of vulnerabilities was last changed.
	Go, Database string
	// Called are the vulnerabilities in what the module really calls, by identifier, with where they are and what mends them.
	Called []string
}

// govulncheck runs it over the module, with a copy of its database where db is the copy's address.
func govulncheck(db string) ([]byte, error) {
	args := []string{"tool", "-modfile=tools/go.mod", "govulncheck", "-format", "json"}
	if db != "" {
		args = append(args, "-db", db)
	}
	command := exec.Command("go", append(args, "./...")...)
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("run govulncheck: %w\n%s", err, log.String())
	}
	return out.Bytes(), nil
}

func (v vulnerabilities) figure() proof.Figure {
	day, _, _ := strings.Cut(v.Database, "T")
	return proof.Figure{Name: fmt.Sprintf("govulncheck, list of %s, %s: known vulnerabilities in what is called", day, v.Go),
		Value: strconv.Itoa(len(v.Called)), Bound: "0", OK: len(v.Called) == 0}
}

// readVulnerabilities takes govulncheck's messages apart.
func readVulnerabilities(messages []byte) (vulnerabilities, error) {
	var v vulnerabilities
	seen := map[string]bool{}
	for in := json.NewDecoder(bytes.NewReader(messages)); ; {
		var m struct {
			Config *struct {
				Go       string `json:"go_version"`
				Database string `json:"db_last_modified"`
			} `json:"config"`
			Finding *struct {
				OSV   string `json:"osv"`
				Fixed string `json:"fixed_version"`
				Trace []struct{ Module, Version, Package, Function string }
			} `json:"finding"`
		}
		if err := in.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return v, fmt.Errorf("read what govulncheck says: %w", err)
		}
		if m.Config != nil {
			v.Go, v.Database = m.Config.Go, m.Config.Database
		}
		// Only a finding with a function is in code that is called; the others are in modules and packages that are merely there.
		f := m.Finding
		if f == nil || len(f.Trace) == 0 || f.Trace[0].Function == "" || seen[f.OSV] {
			continue
		}
		seen[f.OSV] = true
		at := f.Trace[0]
		mend := "no version mends it yet"
		if f.Fixed != "" {
			mend = "mended in " + f.Fixed
		}
		if at.Module == "stdlib" && f.Fixed != "" {
			fixed := "go" + strings.TrimPrefix(f.Fixed, "v")
			mend = "mended in " + fixed + ": install it, or set GOTOOLCHAIN=" + fixed
		}
		v.Called = append(v.Called, fmt.Sprintf("%s: %s.%s of %s %s is called; %s", f.OSV, at.Package, at.Function, at.Module, at.Version, mend))
	}
	if v.Go == "" {
		return v, errors.New("govulncheck says nothing of its configuration: it did not run to its end")
	}
	slices.Sort(v.Called)
	return v, nil
}
