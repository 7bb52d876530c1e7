// Command lambdas builds functions of examples/titanic/lambda into zip files for Lambda's runtime
// provided.al2023 on arm64. The same sources give the same bytes, so that an unchanged function is not deployed.
//
// Usage: lambdas -out DIR NAME...
package main

import (
	"archive/zip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "lambdas: %v\n", err) // nowhere else to report to
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("lambdas", flag.ContinueOnError)
	out := flags.String("out", "", "`directory` for the zip files")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() == 0 {
		return errors.New("-out and the names of functions are needed")
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", *out, err)
	}
	scratch, err := os.MkdirTemp("", "lambdas")
	if err != nil {
		return fmt.Errorf("make a directory to build in: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	for _, name := range flags.Args() {
		program := filepath.Join(scratch, name)
		if err := build(name, program); err != nil {
			return err
		}
		archive := filepath.Join(*out, name+".zip")
		if err := pack(program, archive); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(stdout, archive); err != nil {
			return err
		}
	}
	return nil
}

func build(name, program string) error {
	command := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", program, "./examples/titanic/lambda/"+name)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, text)
	}
	return nil
}

// pack puts a program into a zip file as bootstrap, the name the runtime starts, with a fixed date.
func pack(program, archive string) error {
	content, err := os.ReadFile(program)
	if err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	file, err := os.Create(archive + ".new")
	if err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o755)
	writer := zip.NewWriter(file)
	entry, err := writer.CreateHeader(header)
	if err == nil {
		_, err = entry.Write(content)
	}
	if err := errors.Join(err, writer.Close(), file.Close()); err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	if err := os.Rename(archive+".new", archive); err != nil {
		return fmt.Errorf("pack %s: %w", program, err)
	}
	return nil
}
