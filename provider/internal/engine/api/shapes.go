package api

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

//go:embed shapes.json.gz
var packedTable []byte

// Table is the part of the SageMaker service model that the engine's operations
// reach. factsgen writes it; Load reads the embedded copy.
type Table struct {
	Source     string                    `json:"source"` // package and version it was distilled from
	APIVersion string                    `json:"apiVersion"`
	Operations map[string]OperationFacts `json:"operations"`
	Shapes     map[string]*Shape         `json:"shapes"`
}

// OperationFacts names the shapes of one operation's input and output (empty
// when it has none) and the modelled errors.
type OperationFacts struct {
	Input  string   `json:"input,omitempty"`
	Output string   `json:"output,omitempty"`
	Errors []string `json:"errors,omitempty"`
}

// Shape is one type of the service model with its constraints. Min and Max bound
// a string's length in characters, a list's or map's size, or a number's value.
type Shape struct {
	Type     string            `json:"type"`
	Required []string          `json:"required,omitempty"`
	Members  map[string]string `json:"members,omitempty"`
	Member   string            `json:"member,omitempty"`
	Key      string            `json:"key,omitempty"`
	Value    string            `json:"value,omitempty"`
	Min      *json.Number      `json:"min,omitempty"`
	Max      *json.Number      `json:"max,omitempty"`
	Pattern  string            `json:"pattern,omitempty"`
	Enum     []string          `json:"enum,omitempty"`

	matches func(string) bool // compiled Pattern, nil without one
	member  *Shape
	key     *Shape
	value   *Shape
	members map[string]*Shape
	order   []string // member names, sorted: errors come in a stable order
}

// Load returns the embedded table with its patterns compiled and its references
// resolved. The result is shared and must not be changed.
var Load = sync.OnceValues(func() (*Table, error) {
	zip, err := gzip.NewReader(bytes.NewReader(packedTable))
	if err != nil {
		return nil, fmt.Errorf("open embedded shape table: %w", err)
	}
	var table Table
	decoder := json.NewDecoder(zip)
	decoder.UseNumber()
	if err := decoder.Decode(&table); err != nil {
		return nil, fmt.Errorf("decode embedded shape table: %w", err)
	}
	return &table, table.resolve()
})

func (t *Table) resolve() error {
	lookup := func(owner, name string) (*Shape, error) {
		if name == "" {
			return nil, nil
		}
		shape, ok := t.Shapes[name]
		if !ok {
			return nil, fmt.Errorf("shape %s refers to %s, which the table lacks", owner, name)
		}
		return shape, nil
	}
	for name, shape := range t.Shapes {
		var err error
		if shape.member, err = lookup(name, shape.Member); err != nil {
			return err
		}
		if shape.key, err = lookup(name, shape.Key); err != nil {
			return err
		}
		if shape.value, err = lookup(name, shape.Value); err != nil {
			return err
		}
		shape.members = make(map[string]*Shape, len(shape.Members))
		for member, ref := range shape.Members {
			if shape.members[member], err = lookup(name, ref); err != nil {
				return err
			}
		}
		shape.order = sortedKeys(shape.Members)
		if shape.Pattern != "" {
			if shape.matches, err = compile(shape.Pattern); err != nil {
				return fmt.Errorf("pattern of shape %s: %w", name, err)
			}
		}
	}
	return nil
}

// exotic holds the patterns of the service model that Go's regexp cannot express
// (Java look-around, repeated anchors, surrogate escapes), each with the RE2
// pattern that means the same.
var exotic = map[string]string{
	// "not only white space".
	`(?!\s*$).+`: `.*\S.*`,
	// A name that does not end in a hyphen, with or without its ARN.
	`(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)`:                `(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*/)?[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?`,
	`(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*\/)?([a-zA-Z0-9]([a-zA-Z0-9-]){0,62})(?<!-)(\/[0-9]{1,9})?`: `(arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:[a-z\-]*/)?[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(/[0-9]{1,9})?`,
	// Metadata keys and values: the repetition binds to an anchor and is void; the
	// length constraint carries the bound.
	`([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,128}`: `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`,
	`([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,256}`: `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`,
	// Printable text and tabs; Go strings carry no surrogates.
	`[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*`: `[\x{20}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}\t]*`,
	// Java's POSIX class, spelled differently in RE2.
	`arn:[\p{Alnum}\-]+:lambda:[\p{Alnum}\-]+:[0-9]{12}:function:.*`: `arn:[[:alnum:]\-]+:lambda:[[:alnum:]\-]+:[0-9]{12}:function:.*`,
}

// compile returns a matcher of the whole string, as Java's Matcher.matches is.
func compile(pattern string) (func(string) bool, error) {
	source := pattern
	if translated, ok := exotic[pattern]; ok {
		source = translated
	}
	// RE2 bounds a repetition at 1,000 and the model has 1,023 to 2,048;
	// the shape's own length constraint bounds those strings already.
	source = strings.NewReplacer("{1,2048}", "+", "{0,1024}", "*", "{0,1023}", "*").Replace(source)
	re, err := regexp.Compile(`\A(?:` + source + `)\z`)
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}
