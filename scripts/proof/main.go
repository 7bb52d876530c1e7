// Command proof keeps what the project promises in figures, and what was measured.
//
//	proof bench -name NAME -command TEXT -output FILE    reads `go test -bench` from standard input and writes its figures
//	proof page  -dir docs/proof -output docs/proof.md    makes the page from every file of figures in a directory
//
// Nothing on the page is typed by hand: a figure that no run has written is not on it. Exit status 1 where a benchmark failed,
// misses its bound, or was expected and is not there.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "proof:", err)
		os.Exit(1)
	}
}

const usage = `expected "bench" or "page": see the head of scripts/proof/main.go`

func run(args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("got no command; %s", usage)
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	name := flags.String("name", "", "which promises the benchmarks are held to")
	command := flags.String("command", "", "the command that was run, as a reader would type it")
	output := flags.String("output", "", "the file to write")
	dir := flags.String("dir", "docs/proof", "the directory of the figures")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "bench":
		return bench(*name, *command, *output, in, out)
	case "page":
		return page(*dir, *output)
	default:
		return fmt.Errorf("got %q; %s", args[0], usage)
	}
}

// bench holds the benchmarks on in to the promises under name, prints them, and writes them to output when it is given.
func bench(name, command, output string, in io.Reader, out io.Writer) error {
	wanted, ok := promises[name]
	if !ok {
		return fmt.Errorf("no promises under -name %q", name)
	}
	begin := time.Now()
	results, err := proof.ReadBench(io.TeeReader(in, out))
	if err != nil {
		return err
	}
	r := proof.Run{Name: name, Command: command, Date: begin.UTC().Truncate(time.Second), Machine: proof.ThisMachine(), Seconds: time.Since(begin).Round(100 * time.Millisecond).Seconds()}
	for _, p := range wanted {
		figures, err := p(results)
		if err != nil {
			return err
		}
		r.Figures = append(r.Figures, figures...)
	}
	fmt.Fprint(out, r.Table())
	if output != "" {
		if err := r.Write(output); err != nil {
			return err
		}
	}
	if !r.OK() {
		return fmt.Errorf("figures of %s miss their bounds", name)
	}
	return nil
}
