package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxReported bounds the errors named in one message: the service stops there too.
const maxReported = 10

// DecodeRequest reads the JSON body of an operation and checks it against the
// operation's input shape. Members the model does not know are dropped, as the
// service drops them; null counts as absent. The error is a SerializationException
// for wrong JSON types and a ValidationException for broken constraints.
func (t *Table) DecodeRequest(operation string, body []byte) (Document, error) {
	facts, ok := t.Operations[operation]
	if !ok {
		return nil, UnknownOperation.With(operation)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	if !utf8.Valid(body) {
		return nil, Serialization.With("Invalid UTF-8 in request body")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var raw any
	if err := decoder.Decode(&raw); err != nil {
		return nil, Serialization.With("Unable to parse the request body: " + err.Error())
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, Serialization.With("Unexpected content after the request body")
	}
	shape, ok := t.Shapes[facts.Input]
	if !ok {
		return nil, fmt.Errorf("operation %s has no input shape", operation)
	}
	typed, err := shape.accept(raw)
	if err != nil {
		return nil, err
	}
	document, ok := typed.(map[string]any)
	if !ok { // a top-level null
		document = map[string]any{}
	}
	var broken violations
	shape.check("", document, &broken)
	if len(broken) > 0 {
		return nil, Invalid.With(broken.message())
	}
	return document, nil
}

// accept returns the value with the types of the shape: unknown members and nulls
// dropped, or a SerializationException.
func (s *Shape) accept(value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	switch s.Type {
	case "structure":
		object, ok := value.(map[string]any)
		if !ok {
			return nil, mismatch(value, "structure")
		}
		kept := make(map[string]any, len(object))
		for name, member := range object {
			shape, known := s.members[name]
			if !known {
				continue
			}
			typed, err := shape.accept(member)
			if err != nil {
				return nil, err
			}
			if typed != nil {
				kept[name] = typed
			}
		}
		return kept, nil
	case "map":
		object, ok := value.(map[string]any)
		if !ok {
			return nil, mismatch(value, "map")
		}
		kept := make(map[string]any, len(object))
		for key, member := range object {
			typed, err := s.value.accept(member)
			if err != nil {
				return nil, err
			}
			if typed != nil {
				kept[key] = typed
			}
		}
		return kept, nil
	case "list":
		items, ok := value.([]any)
		if !ok {
			return nil, mismatch(value, "list")
		}
		kept := make([]any, 0, len(items))
		for _, item := range items {
			typed, err := s.member.accept(item)
			if err != nil {
				return nil, err
			}
			kept = append(kept, typed)
		}
		return kept, nil
	case "string":
		if text, ok := value.(string); ok {
			return text, nil
		}
		return nil, mismatch(value, "String")
	case "boolean":
		if flag, ok := value.(bool); ok {
			return flag, nil
		}
		return nil, mismatch(value, "Boolean")
	case "integer", "long":
		return acceptInteger(value, s.Type)
	case "float", "double":
		return acceptNumber(value, "Float")
	case "timestamp":
		return acceptNumber(value, "Timestamp")
	}
	return nil, fmt.Errorf("shape type %q is not handled", s.Type)
}

func acceptInteger(value any, kind string) (any, error) {
	wanted, bits := "Integer", 32
	if kind == "long" {
		wanted, bits = "Long", 64
	}
	number, ok := value.(json.Number)
	if !ok {
		return nil, mismatch(value, wanted)
	}
	if n, err := strconv.ParseInt(number.String(), 10, bits); err == nil {
		return json.Number(strconv.FormatInt(n, 10)), nil
	}
	f, err := number.Float64()
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= math.Ldexp(1, bits-1) {
		return nil, Serialization.With(fmt.Sprintf("%s can not be converted to %s", number, article(wanted)))
	}
	return json.Number(strconv.FormatInt(int64(f), 10)), nil
}

func acceptNumber(value any, wanted string) (any, error) {
	number, ok := value.(json.Number)
	if !ok {
		return nil, mismatch(value, wanted)
	}
	if f, err := number.Float64(); err != nil || math.IsInf(f, 0) {
		return nil, Serialization.With(fmt.Sprintf("%s can not be converted to %s", number, article(wanted)))
	}
	return number, nil
}

func mismatch(value any, wanted string) error {
	var got string
	switch value := value.(type) {
	case map[string]any:
		return Serialization.With("Start of structure or map found where not expected.")
	case []any:
		return Serialization.With("Start of list found where not expected")
	case string:
		got = "STRING_VALUE"
	case bool:
		got = strings.ToUpper(strconv.FormatBool(value)) + "_VALUE"
	default:
		got = "NUMBER_VALUE"
	}
	switch wanted {
	case "structure", "map", "list":
		return Serialization.With("Unexpected token received from parser: " + got + " found where a " + wanted + " was expected")
	}
	return Serialization.With(got + " can not be converted to " + article(wanted))
}

func article(noun string) string {
	if strings.ContainsRune("AEIOU", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

// violations are broken constraints in the order they were found.
type violations []string

func (v *violations) add(value, path, constraint string) {
	*v = append(*v, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, path, constraint))
}

func (v violations) message() string {
	if len(v) == 1 {
		return "1 validation error detected: " + v[0]
	}
	shown := v[:min(len(v), maxReported)]
	return fmt.Sprintf("%d validation errors detected: %s", len(v), strings.Join(shown, "; "))
}

// check appends what value breaks. Paths follow the service: members with a lower
// first letter, list elements as N.member, map values as key.member.
func (s *Shape) check(path string, value any, broken *violations) {
	switch value := value.(type) {
	case map[string]any:
		if s.Type == "map" {
			s.checkMap(path, value, broken)
			return
		}
		for _, name := range s.order {
			at := join(path, lowerFirst(name))
			member, present := value[name]
			if !present {
				if slices.Contains(s.Required, name) {
					broken.add("null", at, "Member must not be null")
				}
				continue
			}
			s.members[name].check(at, member, broken)
		}
	case []any:
		s.checkSize(path, quoted(value), len(value), broken)
		for i, item := range value {
			at := fmt.Sprintf("%s.%d.member", path, i+1)
			if item == nil {
				broken.add("null", at, "Member must not be null")
				continue
			}
			s.member.check(at, item, broken)
		}
	case string:
		for _, constraint := range s.stringConstraints(value) {
			broken.add("'"+value+"'", path, constraint)
		}
	case json.Number:
		s.checkRange(path, value, broken)
	}
}

func (s *Shape) checkMap(path string, value map[string]any, broken *violations) {
	s.checkSize(path, quoted(value), len(value), broken)
	var keys, values []string
	for _, key := range sortedKeys(value) {
		if len(s.key.stringConstraints(key)) > 0 && keys == nil {
			keys = s.key.allConstraints()
		}
		text, ok := value[key].(string)
		if !ok {
			s.value.check(path+"."+key+".member", value[key], broken)
			continue
		}
		if len(s.value.stringConstraints(text)) > 0 && values == nil {
			values = s.value.allConstraints()
		}
	}
	if keys != nil {
		broken.add(quoted(value), path, "Map keys must satisfy constraint: ["+strings.Join(keys, ", ")+"]")
	}
	if values != nil {
		broken.add(quoted(value), path, "Map value must satisfy constraint: ["+strings.Join(values, ", ")+"]")
	}
}

func (s *Shape) checkSize(path, shown string, size int, broken *violations) {
	if limit, ok := bound(s.Max); ok && float64(size) > limit {
		broken.add(shown, path, "Member must have length less than or equal to "+s.Max.String())
	}
	if limit, ok := bound(s.Min); ok && float64(size) < limit {
		broken.add(shown, path, "Member must have length greater than or equal to "+s.Min.String())
	}
}

func (s *Shape) checkRange(path string, value json.Number, broken *violations) {
	number, err := value.Float64()
	if err != nil || s.Type == "timestamp" {
		return
	}
	if limit, ok := bound(s.Max); ok && number > limit {
		broken.add("'"+value.String()+"'", path, "Member must have value less than or equal to "+s.Max.String())
	}
	if limit, ok := bound(s.Min); ok && number < limit {
		broken.add("'"+value.String()+"'", path, "Member must have value greater than or equal to "+s.Min.String())
	}
}

// stringConstraints returns the constraints that a string breaks.
func (s *Shape) stringConstraints(text string) []string {
	var broken []string
	length := float64(utf8.RuneCountInString(text))
	if limit, ok := bound(s.Max); ok && length > limit {
		broken = append(broken, "Member must have length less than or equal to "+s.Max.String())
	}
	if limit, ok := bound(s.Min); ok && length < limit {
		broken = append(broken, "Member must have length greater than or equal to "+s.Min.String())
	}
	if s.matches != nil && !s.matches(text) {
		broken = append(broken, "Member must satisfy regular expression pattern: "+s.Pattern)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		broken = append(broken, "Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
	return broken
}

// allConstraints names every constraint of a string shape: for maps the service
// lists them all, not only the broken one.
func (s *Shape) allConstraints() []string {
	var all []string
	if s.Max != nil {
		all = append(all, "Member must have length less than or equal to "+s.Max.String())
	}
	if s.Min != nil {
		all = append(all, "Member must have length greater than or equal to "+s.Min.String())
	}
	if s.Pattern != "" {
		all = append(all, "Member must satisfy regular expression pattern: "+s.Pattern)
	}
	if len(s.Enum) > 0 {
		all = append(all, "Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
	return all
}

func bound(limit *json.Number) (float64, bool) {
	if limit == nil {
		return 0, false
	}
	f, err := limit.Float64()
	return f, err == nil
}

// quoted shows a list or map as the service does: [a, b] and {k=v}, in quotes.
func quoted(value any) string {
	return "'" + shown(value) + "'"
}

func shown(value any) string {
	switch value := value.(type) {
	case []any:
		parts := make([]string, len(value))
		for i, item := range value {
			parts[i] = shown(item)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		parts := make([]string, 0, len(value))
		for _, key := range sortedKeys(value) {
			parts = append(parts, key+"="+shown(value[key]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(value)
}

func join(path, member string) string {
	if path == "" {
		return member
	}
	return path + "." + member
}

// lowerFirst turns a member name into the service's spelling in messages:
// TrainingJobName is trainingJobName and VPCId is vPCId.
func lowerFirst(name string) string {
	return strings.ToLower(name[:1]) + name[1:]
}
