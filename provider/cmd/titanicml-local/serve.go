package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine"
	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/launch"
)

func serveCommand(o *options) *cobra.Command {
	var listen string
	var mappings []string
	var quiet bool
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the engine in the foreground until Ctrl-C",
		Long: `Runs the engine in the foreground, until Ctrl-C or SIGTERM, which also end every job and endpoint
process; they are taken up again by the next engine on the same data directory.

--image says which local program stands for a container image, and may be repeated. The command is
split into words at spaces; 'single' and "double" quotes keep spaces, a backslash keeps the next
character. Nothing else is interpreted: no variables, no wildcards, no shell. A relative program path
counts from the current directory. Mappings are kept in the data directory, so that the provider and
later engines see them too.`,
		Example: `  titanicml-local serve --listen 127.0.0.1:4599 --image titanic=./bin/titanic
  titanicml-local serve --image 'scorer=/usr/bin/python3 "/opt/my models/score.py"'

  # then, in another terminal
  aws --endpoint-url http://127.0.0.1:4599 --region eu-west-1 sagemaker list-training-jobs`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			images, err := parseImages(mappings)
			if err != nil {
				return err
			}
			level := slog.LevelInfo
			if quiet {
				level = slog.LevelWarn
			}
			e, err := engine.Open(c.Context(), engine.Options{DataDir: o.dataDir, Listen: listen, Images: images,
				Log: slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level}))})
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "engine: %s\ndata:   %s\nstop:   Ctrl-C, or titanicml-local stop --data-dir %s\n", e.URL(), o.dataDir, o.dataDir)
			return e.Serve(c.Context())
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "loopback address; port 0 takes a free one")
	c.Flags().StringArrayVar(&mappings, "image", nil, "NAME=COMMAND, the local command that stands for a container image")
	c.Flags().BoolVar(&quiet, "quiet", false, "log only what goes wrong")
	return c
}

func parseImages(mappings []string) (map[string][]string, error) {
	images := map[string][]string{}
	for _, m := range mappings {
		name, command, ok := strings.Cut(m, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--image %q: want NAME=COMMAND, such as titanic=./bin/titanic", m)
		}
		words, err := splitWords(command)
		if err != nil {
			return nil, fmt.Errorf("--image %q: %w", m, err)
		}
		if len(words) == 0 || words[0] == "" {
			return nil, fmt.Errorf("--image %q: the command is empty; want NAME=COMMAND, such as titanic=./bin/titanic", m)
		}
		images[name] = words
	}
	return images, nil
}

// splitWords splits a command at spaces. Single quotes keep everything, double quotes everything
// but a backslash before a double quote or backslash; elsewhere a backslash keeps the next
// character.
func splitWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false
	quote := rune(0)
	escaped := false
	for _, r := range s {
		switch {
		case escaped:
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteRune('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inWord = true, true
		case quote != 0:
			if r == quote {
				quote = 0
			} else {
				word.WriteRune(r)
			}
		case r == '"' || r == '\'':
			quote, inWord = r, true
		case r == ' ' || r == '\t' || r == '\n' || r == '\r':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		default:
			word.WriteRune(r)
			inWord = true
		}
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("the quote %c is not closed", quote)
	case escaped:
		return nil, errors.New("it ends with a backslash that escapes nothing")
	case inWord:
		words = append(words, word.String())
	}
	return words, nil
}

func stopCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "stop",
		Short: "End the engine and every process it runs",
		Long: `Ends the engine of the data directory, with its jobs' and endpoints' processes, and returns when all
are gone. What ran is taken up again by the next engine on the same directory. Without an engine
there is nothing to do, which is no error.`,
		Example: "  titanicml-local stop --data-dir .titanicml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			found, _, err := launch.Find(o.dataDir)
			if err != nil {
				return err
			}
			err = launch.Stop(c.Context(), o.dataDir)
			if errors.Is(err, launch.ErrNotRunning) {
				fmt.Fprintf(c.OutOrStdout(), "no engine runs on %s\n", o.dataDir)
				return nil
			}
			if err != nil {
				return err
			}
			if found.PID == 0 {
				fmt.Fprintf(c.OutOrStdout(), "ended the processes that a killed engine left on %s\n", o.dataDir)
				return nil
			}
			fmt.Fprintf(c.OutOrStdout(), "stopped the engine on %s (pid %d)\n", o.dataDir, found.PID)
			return nil
		},
	}
}
