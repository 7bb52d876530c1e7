package engine_test

import (
	"encoding/json"
	"fmt"
	"reflect"
)

func sprint(value any) string { return fmt.Sprint(value) }

func jsonEqual(a, b string) bool {
	var left, right any
	return json.Unmarshal([]byte(a), &left) == nil && json.Unmarshal([]byte(b), &right) == nil && reflect.DeepEqual(left, right)
}
