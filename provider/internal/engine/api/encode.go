package api

import (
	"encoding/json"
	"fmt"
)

// Project keeps of a result document what the operation's output shape has, checks
// the types, and returns it as the response body. Stored requests can thus be
// answered as they are: a member the output lacks (Tags, say) never leaves.
func (t *Table) Project(operation string, result Document) ([]byte, error) {
	facts := t.Operations[operation]
	if facts.Output == "" {
		return []byte("{}"), nil
	}
	kept, err := t.Shapes[facts.Output].project(facts.Output, map[string]any(result))
	if err != nil {
		return nil, err
	}
	for _, name := range t.Shapes[facts.Output].Required {
		if _, ok := kept.(map[string]any)[name]; !ok {
			return nil, fmt.Errorf("response of %s lacks the required member %s", operation, name)
		}
	}
	return json.Marshal(kept)
}

func (s *Shape) project(path string, value any) (any, error) {
	if document, ok := value.(Document); ok {
		value = map[string]any(document)
	}
	wrong := func() error { return fmt.Errorf("%s is a %s in the model, not a %T", path, s.Type, value) }
	switch s.Type {
	case "structure":
		object, ok := value.(map[string]any)
		if !ok {
			return nil, wrong()
		}
		kept := make(map[string]any, len(object))
		for name, member := range object {
			shape, known := s.members[name]
			if !known || member == nil {
				continue
			}
			projected, err := shape.project(path+"."+name, member)
			if err != nil {
				return nil, err
			}
			kept[name] = projected
		}
		return kept, nil
	case "map":
		object, ok := value.(map[string]any)
		if !ok {
			return nil, wrong()
		}
		kept := make(map[string]any, len(object))
		for key, member := range object {
			projected, err := s.value.project(path+"."+key, member)
			if err != nil {
				return nil, err
			}
			kept[key] = projected
		}
		return kept, nil
	case "list":
		items, ok := value.([]any)
		if !ok {
			return nil, wrong()
		}
		kept := make([]any, len(items))
		for i, item := range items {
			projected, err := s.member.project(path, item)
			if err != nil {
				return nil, err
			}
			kept[i] = projected
		}
		return kept, nil
	case "string":
		if _, ok := value.(string); !ok {
			return nil, wrong()
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			return nil, wrong()
		}
	default:
		switch value.(type) {
		case json.Number, int, int64, float64:
		default:
			return nil, wrong()
		}
	}
	return value, nil
}
