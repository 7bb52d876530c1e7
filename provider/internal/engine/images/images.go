// Package images finds the local command that stands for a container image.
//
// An image name as a job or a model gives it goes in; the command mapped to it in
// the data directory comes out, or the reason why there is none and how to map it.
package images

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/provider/internal/engine/datadir"
)

// Mappings are the image mappings of a data directory. They are read again at each
// use: a provider or a person may add some while the engine runs.
type Mappings struct{ dir string }

// Open adds mappings to those of a data directory. Programs given as relative paths
// are resolved against the working directory, because jobs run in another one.
func Open(dir string, added map[string][]string) (*Mappings, error) {
	absolute := make(map[string][]string, len(added))
	for image, command := range added {
		command = slices.Clone(command)
		if len(command) > 0 && strings.ContainsRune(command[0], filepath.Separator) {
			program, err := filepath.Abs(command[0])
			if err != nil {
				return nil, fmt.Errorf("image %q: resolve %s: %w", image, command[0], err)
			}
			command[0] = program
		}
		absolute[image] = command
	}
	if _, err := datadir.MergeImages(dir, absolute); err != nil {
		return nil, err
	}
	return &Mappings{dir: dir}, nil
}

// UnmappedError says that an image has no command.
type UnmappedError struct {
	Image string
	Known []string
}

// Error names the image and how to map it.
func (e *UnmappedError) Error() string {
	known := "no image is mapped yet"
	if len(e.Known) > 0 {
		known = "mapped are: " + strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("image %q is not mapped to a local command (%s); map it with images = { %q = [\"/path/to/program\"] } in the provider's local block, or titanicml-local serve --image %s=/path/to/program",
		e.Image, known, shortName(e.Image), shortName(e.Image))
}

// Command returns the command for an image, or an *UnmappedError. A mapping applies
// to the image of exactly its name, else to the same repository with any tag or
// digest, else to the same last path element in any registry, so that the image of
// an ECR repository runs locally under its short name.
func (m *Mappings) Command(image string) ([]string, error) {
	mapped, err := datadir.ReadImages(m.dir)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{image, repository(image), shortName(image)} {
		if command, ok := mapped[name]; ok {
			return command, nil
		}
	}
	return nil, &UnmappedError{Image: image, Known: slices.Sorted(maps.Keys(mapped))}
}

// repository cuts digest and tag: a colon after the last slash starts a tag, one
// before it a port.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		image = image[:colon]
	}
	return image
}

func shortName(image string) string {
	name := repository(image)
	return name[strings.LastIndex(name, "/")+1:]
}
