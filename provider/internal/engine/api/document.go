package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"time"
)

// Document is a JSON object with the members of a structure shape: strings,
// booleans, json.Number, []any and Document-like map[string]any.
type Document map[string]any

// Text returns the string at a path of members, or "" when there is none.
func (d Document) Text(path ...string) string {
	value, _ := d.at(path).(string)
	return value
}

// Flag returns the boolean at a path, or false.
func (d Document) Flag(path ...string) bool {
	value, _ := d.at(path).(bool)
	return value
}

// Integer returns the whole number at a path and whether there is one.
func (d Document) Integer(path ...string) (int64, bool) {
	switch value := d.at(path).(type) {
	case json.Number:
		n, err := value.Int64()
		return n, err == nil
	case int:
		return int64(value), true
	case int64:
		return value, true
	}
	return 0, false
}

// Number returns the number at a path and whether there is one.
func (d Document) Number(path ...string) (float64, bool) {
	switch value := d.at(path).(type) {
	case json.Number:
		f, err := value.Float64()
		return f, err == nil
	case float64:
		return value, true
	case int:
		return float64(value), true
	case int64:
		return float64(value), true
	}
	return 0, false
}

// Time returns the timestamp at a path, or the zero time.
func (d Document) Time(path ...string) time.Time {
	seconds, ok := d.Number(path...)
	if !ok {
		return time.Time{}
	}
	return FromEpoch(seconds)
}

// Child returns the structure or map at a path, or nil.
func (d Document) Child(path ...string) Document {
	switch value := d.at(path).(type) {
	case map[string]any:
		return value
	case Document:
		return value
	}
	return nil
}

// List returns the structures of the list at a path.
func (d Document) List(path ...string) []Document {
	items, _ := d.at(path).([]any)
	list := make([]Document, 0, len(items))
	for _, item := range items {
		switch item := item.(type) {
		case map[string]any:
			list = append(list, item)
		case Document:
			list = append(list, item)
		}
	}
	return list
}

// Texts returns the strings of the list at a path.
func (d Document) Texts(path ...string) []string {
	items, _ := d.at(path).([]any)
	list := make([]string, 0, len(items))
	for _, item := range items {
		if text, ok := item.(string); ok {
			list = append(list, text)
		}
	}
	return list
}

// TextMap returns the strings of the map at a path, or nil.
func (d Document) TextMap(path ...string) map[string]string {
	child := d.Child(path...)
	if child == nil {
		return nil
	}
	texts := make(map[string]string, len(child))
	for key := range child {
		texts[key] = child.Text(key)
	}
	return texts
}

// Has tells whether a member is present.
func (d Document) Has(member string) bool {
	_, ok := d[member]
	return ok
}

// Clone returns a shallow copy: members of the copy can be set and deleted.
func (d Document) Clone() Document { return maps.Clone(d) }

// SetTime sets a member to a timestamp, with the milliseconds AWS sends.
func (d Document) SetTime(member string, at time.Time) { d[member] = Epoch(at) }

func (d Document) at(path []string) any {
	var value any = map[string]any(d)
	for _, member := range path {
		switch object := value.(type) {
		case map[string]any:
			value = object[member]
		case Document:
			value = object[member]
		default:
			return nil
		}
	}
	return value
}

// Encode returns the document as JSON.
func (d Document) Encode() ([]byte, error) {
	body, err := json.Marshal(map[string]any(d))
	if err != nil {
		return nil, fmt.Errorf("encode document: %w", err)
	}
	return body, nil
}

// DecodeDocument reads a JSON object, keeping numbers exact.
func DecodeDocument(body []byte) (Document, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		return nil, fmt.Errorf("decode document: %w", err)
	}
	return document, nil
}

// Epoch returns a time as the service sends timestamps: seconds since 1970 with
// millisecond precision.
func Epoch(at time.Time) json.Number {
	milliseconds := at.UnixMilli()
	return json.Number(fmt.Sprintf("%d.%03d", milliseconds/1000, milliseconds%1000))
}

// FromEpoch is the inverse of Epoch.
func FromEpoch(seconds float64) time.Time {
	return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
}
