package value

// MaxChoice bounds the parts of both alternatives of a choice, beyond which it is plainly unknown: choices in choices would
// double without end.
const MaxChoice = 1000

// maxConditions bounds the conditions that Cases tells apart; those beyond stay unknown.
const maxConditions = 4

// Choice is a value that is yes or no, as a condition that is not known decides.
type Choice struct {
	Cond    Condition
	Yes, No Value
	// Refs are what the condition and both alternatives would come from.
	Refs []Ref
	// Weight counts the parts of both alternatives.
	Weight int
}

// test is what an unknown bool remembers of the comparison that it is the result of.
type test struct {
	refs     []Ref
	identify Identify
}

// Identify finds the condition that an unknown bool stands for; negated when it is the opposite of what is found. depth counts the tests
// followed so far.
type Identify func(v Value, depth int) (c Condition, negated bool)

// TestValue is the unknown result of a comparison, which identify can tell from others.
func TestValue(refs []Ref, identify Identify) Value {
	return Value{kind: Unknown, data: &test{refs, identify}}
}

// Test returns what identifies the comparison that an unknown bool is the result of, nil when it is none.
func (v Value) Test() Identify {
	if t, ok := v.data.(*test); ok {
		return t.identify
	}
	return nil
}

// Condition identifies a test without deciding it. Two are the same when Subject and Is are; when Is is not empty the test is
// that the subject equals it, so that two of one subject exclude each other.
type Condition struct {
	Subject, Is string
	// Yes says what holds and No what does not, for messages.
	Yes, No string
}

func (c Condition) same(d Condition) bool { return c.Subject == d.Subject && c.Is == d.Is }

func (c Condition) excludes(d Condition) bool {
	return c.Subject == d.Subject && c.Is != d.Is && c.Is != "" && d.Is != ""
}

// Choosing attaches the alternatives to what is certain of them both.
func (v Value) Choosing(cond Condition, yes, no Value) Value {
	c := &Choice{Cond: cond, Yes: yes, No: no, Refs: v.Refs()}
	if c.Weight = 1 + yes.weight(MaxChoice) + no.weight(MaxChoice); c.Weight > MaxChoice {
		return v
	}
	switch d := v.data.(type) {
	case *object:
		v.data = &object{keys: d.keys, vals: d.vals, refs: d.refs, choice: c}
	case nil, []Ref, *test, *Choice:
		if v.kind == Unknown {
			v.data = c
		}
	}
	return v
}

// weight counts the parts of a value, up to a bound.
func (v Value) weight(most int) int {
	n := 1
	if c := v.Choice(); c != nil {
		return c.Weight
	}
	if t, ok := v.data.(*text); ok && t.orig != nil {
		return n + t.orig.weight(most)
	}
	v.Each(func(_ string, e Value) {
		if n <= most {
			n += e.weight(most - n)
		}
	})
	return n
}

// Choice returns the alternatives of a value, nil when it has none.
func (v Value) Choice() *Choice {
	switch d := v.data.(type) {
	case *Choice:
		return d
	case *object:
		return d.choice
	}
	return nil
}

// Either is what is certain of a value that is a or b.
func Either(a, b Value, refs []Ref) Value {
	if eq, known := a.Equal(b); eq && known {
		return a
	}
	refs = MergeRefs(MergeRefs(refs, a.Refs()), b.Refs())
	if a.kind == Map && b.kind == Map {
		m := NewMap(a.Len())
		for _, k := range a.Keys() {
			if w := b.Get(k); w.kind != Absent && !(w.kind == Unknown && b.Partial()) {
				m.Set(k, Either(a.Get(k), w, refs))
			}
		}
		m.Unknown(refs)
		return m.Value()
	}
	return UnknownValue(refs...)
}
