package minicore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// object is one resource in a state file.
type object struct {
	Value    []byte `json:"value"` // msgpack
	Private  []byte `json:"private,omitempty"`
	Identity []byte `json:"identity,omitempty"` // msgpack
	Tainted  bool   `json:"tainted,omitempty"`
}

// stateFile is the state of one configuration. It is written after every change of a resource, as Terraform's local backend does,
// so that a process that is killed loses at most the change under way.
type stateFile struct {
	path    string
	objects map[string]*object
}

func readState(path string) (*stateFile, error) {
	s := &stateFile{path: path, objects: map[string]*object{}}
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(body, &s.objects)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	return s, nil
}

func (s *stateFile) set(address string, o *object) error {
	if o == nil {
		delete(s.objects, address)
	} else {
		s.objects[address] = o
	}
	return s.write()
}

func (s *stateFile) write() error {
	body, err := json.Marshal(s.objects)
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	if err := os.WriteFile(s.path+".new", body, 0o600); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return os.Rename(s.path+".new", s.path)
}
