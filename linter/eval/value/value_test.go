package value

import "testing"

// TestOverlay: the keys on top win, unknown parts on either side may add keys, and what is not set counts as empty.
func TestOverlay(t *testing.T) {
	tags := func(pairs ...string) Value {
		m := NewMap(len(pairs) / 2)
		for i := 0; i < len(pairs); i += 2 {
			m.Set(pairs[i], StringValue(pairs[i+1]))
		}
		return m.Value()
	}
	unknown := UnknownValue(Ref{Address: "var.tags"})
	for _, c := range []struct {
		name      string
		base, top Value
		want      string
	}{
		{"the top wins", tags("env", "dev", "owner", "a"), tags("env", "prod"), `{env="prod",owner="a",}`},
		{"nothing on top", tags("env", "dev"), Value{}, `{env="dev",}`},
		{"null on top", tags("env", "dev"), NullValue(), `{env="dev",}`},
		{"unknown on top", tags("env", "dev"), unknown, `{env="dev",...}`},
		{"unknown below", unknown, tags("env", "dev"), `{env="dev",...}`},
		{"partial on top", tags("env", "dev"), tags("owner", "a").WithPartial(), `{env="dev",owner="a",...}`},
	} {
		if got := shown(Overlay(c.base, c.top)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// shown writes a map of strings on one line, with dots where it may have other keys.
func shown(v Value) string {
	out := "{"
	v.Each(func(k string, e Value) {
		s, _ := e.Str()
		out += k + `="` + s + `",`
	})
	if v.Partial() {
		out += "..."
	}
	return out + "}"
}
