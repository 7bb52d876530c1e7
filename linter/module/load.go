package module

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// ErrNoModule says that a directory holds no Terraform files.
var ErrNoModule = errors.New("no Terraform files")

// SourceName reports whether a file name is one that Terraform or OpenTofu reads, and whether it is JSON.
func SourceName(name string) (source, json bool) {
	if name == "" || name[0] == '.' || strings.HasSuffix(name, "~") || name[0] == '#' && strings.HasSuffix(name, "#") {
		return false, false
	}
	switch {
	case strings.HasSuffix(name, ".tf"), strings.HasSuffix(name, ".tofu"):
		return true, false
	case strings.HasSuffix(name, ".tf.json"), strings.HasSuffix(name, ".tofu.json"):
		return true, true
	}
	return false, false
}

func stem(name string) string {
	for _, ext := range []string{".tf", ".tofu", ".tf.json", ".tofu.json"} {
		if s, ok := strings.CutSuffix(name, ext); ok && !strings.HasSuffix(s, ".tf") && !strings.HasSuffix(s, ".tofu") {
			return s
		}
	}
	return name
}

// sources picks the source files of a listing: a .tofu file stands in for the .tf file of the same name, overrides come last.
func sources(entries []fs.DirEntry) []string {
	tofu := map[string]bool{}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".tofu") || strings.HasSuffix(e.Name(), ".tofu.json") {
			tofu[strings.Replace(e.Name(), ".tofu", ".tf", 1)] = true
		}
	}
	var names, overrides []string
	for _, e := range entries {
		if ok, _ := SourceName(e.Name()); !ok || e.IsDir() || tofu[e.Name()] {
			continue
		}
		if s := stem(e.Name()); s == "override" || strings.HasSuffix(s, "_override") {
			overrides = append(overrides, e.Name())
		} else {
			names = append(names, e.Name())
		}
	}
	return append(names, overrides...)
}

// Cache parses each directory once, however many modules call it. It is safe for concurrent use.
type Cache struct {
	files Files
	mu    sync.Mutex
	dirs  map[string]*entry
	stats Stats
}

// Stats counts the work done.
type Stats struct{ Modules, Files, Bytes, Lines int }

type entry struct {
	once sync.Once
	mod  *Module
	err  error
}

// NewCache reads modules from files.
func NewCache(files Files) *Cache { return &Cache{files: files, dirs: map[string]*entry{}} }

// Module parses a directory, or returns what was parsed before. Syntax errors are in Module.Diags; the error is for a
// directory that cannot be read or holds no sources.
func (c *Cache) Module(dir string) (*Module, error) {
	dir = path.Clean(dir)
	c.mu.Lock()
	e := c.dirs[dir]
	if e == nil {
		e = &entry{}
		c.dirs[dir] = e
	}
	c.mu.Unlock()
	e.once.Do(func() {
		e.err = fmt.Errorf("%s could not be parsed", dir) // for the others who wait, should it panic
		e.mod, e.err = c.Load(dir)
	})
	return e.mod, e.err
}

// Load parses a directory without keeping it.
func (c *Cache) Load(dir string) (*Module, error) {
	entries, err := c.files.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := sources(entries)
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w", dir, ErrNoModule)
	}
	b := newBuilder(dir)
	for _, name := range names {
		p := path.Join(dir, name)
		text, err := c.files.ReadFile(p, MaxSource)
		if err != nil {
			b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: err.Error(),
				Subject: &hcl.Range{Filename: p, Start: hcl.InitialPos, End: hcl.InitialPos}})
			continue
		}
		n := marks(text)
		if b.marks+n > maxMarks {
			b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: fmt.Sprintf("%s has too many tokens to be linted", dir),
				Subject: &hcl.Range{Filename: p, Start: hcl.InitialPos, End: hcl.InitialPos}})
			continue
		}
		b.marks += n
		b.file(Parse(p, text))
		c.count(text)
	}
	m := b.finish()
	c.mu.Lock()
	c.stats.Modules++
	c.mu.Unlock()
	return m, nil
}

func (c *Cache) count(text []byte) {
	c.mu.Lock()
	c.stats.Files++
	c.stats.Bytes += len(text)
	c.stats.Lines += bytes.Count(text, []byte("\n"))
	c.mu.Unlock()
}

// Stats returns the work done so far.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Parse reads one file. It always returns a File; what is wrong with the text is in the diagnostics.
func Parse(name string, text []byte) (*File, hcl.Diagnostics) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	_, json := SourceName(path.Base(name))
	s := stem(path.Base(name))
	f := &File{Path: name, Bytes: text, JSON: json, Override: s == "override" || strings.HasSuffix(s, "_override"),
		Body: &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}}}
	fail := func(summary string, at hcl.Pos) hcl.Diagnostics {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Subject: &hcl.Range{Filename: name, Start: at, End: at}}}
	}
	if !utf8.Valid(text) {
		return f, fail("the file is not valid UTF-8", firstInvalid(text))
	}
	syntax := Native
	if json {
		syntax = JSON
	}
	if TooDeep(text, syntax) {
		return f, fail(fmt.Sprintf("the file nests deeper than %d levels", maxNesting), hcl.InitialPos)
	}
	if json {
		body, diags := parseJSON(name, text)
		if body != nil {
			f.Body = body
		}
		return f, diags
	}
	return f, f.parse(hcl.InitialPos)
}

// maxParts bounds how often the parser starts again behind a mistake.
const maxParts = 100

// parse reads the text from a position on. The parser gives up on all that follows some mistakes, so it starts again at the next
// line that begins a block.
func (f *File) parse(from hcl.Pos) hcl.Diagnostics {
	var all hcl.Diagnostics
	for part := 0; part < maxParts; part++ {
		parsed, diags := hclsyntax.ParseConfig(f.Bytes[from.Byte:], f.Path, from)
		all = append(all, diags...)
		if parsed == nil {
			return all
		}
		b, ok := parsed.Body.(*hclsyntax.Body)
		if !ok || b == nil {
			return all
		}
		if part == 0 {
			f.Body = b
		} else {
			f.Body.Blocks = append(f.Body.Blocks, b.Blocks...)
		}
		if !diags.HasErrors() {
			return all
		}
		seen := from
		for _, d := range diags {
			if d.Subject != nil && d.Subject.Start.Byte > seen.Byte {
				seen = d.Subject.Start
			}
		}
		for _, inner := range b.Blocks { // what it did read behind the mistake
			if end := inner.CloseBraceRange.End; inner.TypeRange.Start.Byte > seen.Byte && end.Byte > seen.Byte {
				seen = end
			}
		}
		if from, ok = nextBlock(f.Bytes, seen); !ok {
			return all
		}
	}
	return all
}

// blockTypes are the blocks that stand alone in a file.
var blockTypes = []string{"resource", "data", "module", "variable", "output", "provider", "locals", "terraform", "check", "import", "moved", "removed", "ephemeral"}

// nextBlock finds the first line behind a position that begins a block in its first column, as formatted files have it.
func nextBlock(text []byte, from hcl.Pos) (hcl.Pos, bool) {
	for {
		i := bytes.IndexByte(text[from.Byte:], '\n')
		if i < 0 {
			return from, false
		}
		from = hcl.Pos{Line: from.Line + 1, Column: 1, Byte: from.Byte + i + 1}
		line, _, _ := bytes.Cut(text[from.Byte:], []byte("\n"))
		for _, typ := range blockTypes {
			if rest, ok := bytes.CutPrefix(line, []byte(typ)); ok && len(rest) > 0 && (rest[0] == ' ' || rest[0] == '{') && bytes.IndexByte(rest, '{') >= 0 {
				return from, true
			}
		}
	}
}

func firstInvalid(text []byte) hcl.Pos {
	pos := hcl.InitialPos
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			return pos
		}
		pos.Byte += n
		pos.Column++
		if r == '\n' {
			pos.Line++
			pos.Column = 1
		}
		text = text[n:]
	}
	return pos
}

// builder gathers the files of one directory.
type builder struct {
	m         *Module
	marks     int
	overrides []*File
	calls     map[string]*Call
	providers map[string]*Provider
}

func newBuilder(dir string) *builder {
	return &builder{calls: map[string]*Call{}, providers: map[string]*Provider{}, m: &Module{Dir: dir, Variables: map[string]*Variable{},
		Locals: map[string]*hclsyntax.Attribute{}, Outputs: map[string]*Output{}, RequiredProviders: map[string]*RequiredProvider{},
		byAddress: map[string]*Resource{}}}
}

func (b *builder) file(f *File, diags hcl.Diagnostics) {
	b.m.Files = append(b.m.Files, f)
	b.m.Diags = append(b.m.Diags, diags...)
	if f.Override {
		b.overrides = append(b.overrides, f)
		return
	}
	for _, blk := range f.Body.Blocks {
		b.block(blk)
	}
}

func (b *builder) duplicate(blk *hclsyntax.Block, what string, earlier hcl.Range) {
	r := HeaderRange(blk)
	b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError,
		Summary: fmt.Sprintf("%s is declared twice, first at %s:%d", what, earlier.Filename, earlier.Start.Line), Subject: &r})
}

func (b *builder) block(blk *hclsyntax.Block) {
	labels := map[string]int{"variable": 1, "output": 1, "module": 1, "provider": 1, "resource": 2, "data": 2, "ephemeral": 2, "action": 2}
	if n, ok := labels[blk.Type]; ok && len(blk.Labels) != n {
		r := HeaderRange(blk)
		b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError,
			Summary: fmt.Sprintf("a %s block takes %d labels, this one has %d", blk.Type, n, len(blk.Labels)), Subject: &r})
		return
	}
	switch blk.Type {
	case "variable":
		if old := b.m.Variables[blk.Labels[0]]; old != nil {
			b.duplicate(blk, "variable "+blk.Labels[0], old.Block.TypeRange)
			return
		}
		b.m.Variables[blk.Labels[0]] = &Variable{Name: blk.Labels[0], Block: blk}
	case "output":
		if old := b.m.Outputs[blk.Labels[0]]; old != nil {
			b.duplicate(blk, "output "+blk.Labels[0], old.Block.TypeRange)
			return
		}
		b.m.Outputs[blk.Labels[0]] = &Output{Name: blk.Labels[0], Block: blk}
	case "locals":
		for _, a := range SortedAttributes(blk.Body) {
			if old := b.m.Locals[a.Name]; old != nil {
				r := a.NameRange
				b.m.Diags = append(b.m.Diags, &hcl.Diagnostic{Severity: hcl.DiagError, Subject: &r,
					Summary: fmt.Sprintf("local %s is declared twice, first at %s:%d", a.Name, old.NameRange.Filename, old.NameRange.Start.Line)})
				continue
			}
			b.m.Locals[a.Name] = a
		}
	case "resource", "data", "ephemeral", "action":
		r := &Resource{Mode: modeOf(blk.Type), Type: blk.Labels[0], Name: blk.Labels[1], Block: blk}
		r.address = r.Address()
		if old := b.m.byAddress[r.address]; old != nil {
			b.duplicate(blk, r.address, old.Block.TypeRange)
			return
		}
		b.m.byAddress[r.address] = r
		b.m.Resources = append(b.m.Resources, r)
	case "module":
		if old := b.calls[blk.Labels[0]]; old != nil {
			b.duplicate(blk, "module "+blk.Labels[0], old.Block.TypeRange)
			return
		}
		c := &Call{Name: blk.Labels[0], Block: blk}
		b.calls[c.Name] = c
		b.m.Calls = append(b.m.Calls, c)
	case "provider":
		p := &Provider{Name: blk.Labels[0], Alias: attrLiteral(blk.Body, "alias"), Block: blk}
		if old := b.providers[p.Key()]; old != nil {
			b.duplicate(blk, "provider "+p.Key(), old.Block.TypeRange)
			return
		}
		b.providers[p.Key()] = p
		b.m.Providers = append(b.m.Providers, p)
	case "terraform":
		b.m.Terraform = append(b.m.Terraform, blk)
	case "check":
		b.m.Other = append(b.m.Other, blk)
		for _, inner := range blk.Body.Blocks { // scoped data sources
			if inner.Type == "data" && len(inner.Labels) == 2 {
				b.block(inner)
			}
		}
	default:
		b.m.Other = append(b.m.Other, blk)
	}
}

func modeOf(blockType string) Mode {
	switch blockType {
	case "data":
		return Data
	case "ephemeral":
		return Ephemeral
	case "action":
		return Action
	}
	return Managed
}

func (b *builder) finish() *Module {
	for _, f := range b.overrides {
		for _, blk := range f.Body.Blocks {
			b.override(blk)
		}
	}
	m := b.m
	for _, c := range m.Calls {
		c.Source, c.Version = attrLiteral(c.Block.Body, "source"), attrLiteral(c.Block.Body, "version")
	}
	for _, t := range m.Terraform {
		if a := t.Body.Attributes["required_version"]; a != nil {
			m.RequiredVersion = a
		}
		for _, blk := range t.Body.Blocks {
			switch blk.Type {
			case "backend", "cloud":
				m.Backend = blk
			case "required_providers":
				for _, a := range blk.Body.Attributes {
					m.RequiredProviders[a.Name] = requiredProvider(a)
				}
			}
		}
	}
	sort.SliceStable(m.Diags, func(i, j int) bool {
		a, b := m.Diags[i].Subject, m.Diags[j].Subject
		if a == nil || b == nil {
			return a == nil && b != nil
		}
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		return a.Start.Byte < b.Start.Byte
	})
	return m
}

func requiredProvider(a *hclsyntax.Attribute) *RequiredProvider {
	p := &RequiredProvider{Name: a.Name, Attr: a}
	if v, ok := Literal(a.Expr); ok {
		p.Version = v // the form of Terraform 0.12
		return p
	}
	obj, ok := a.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		return p
	}
	for _, it := range obj.Items {
		key := hcl.ExprAsKeyword(it.KeyExpr)
		if k, ok := it.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok && key == "" {
			key, _ = Literal(k.Wrapped)
		}
		v, _ := Literal(it.ValueExpr)
		switch key {
		case "source":
			p.Source = v
		case "version":
			p.Version = v
		}
	}
	return p
}

// override merges a block of an override file into the block that it names: arguments replace arguments, nested blocks
// replace all nested blocks of their type.
func (b *builder) override(blk *hclsyntax.Block) {
	m := b.m
	switch {
	case blk.Type == "locals":
		for _, a := range blk.Body.Attributes {
			m.Locals[a.Name] = a
		}
	case blk.Type == "terraform":
		m.Terraform = append(m.Terraform, blk)
	case blk.Type == "variable" && len(blk.Labels) == 1 && m.Variables[blk.Labels[0]] != nil:
		v := m.Variables[blk.Labels[0]]
		v.Block = merged(v.Block, blk)
	case blk.Type == "output" && len(blk.Labels) == 1 && m.Outputs[blk.Labels[0]] != nil:
		o := m.Outputs[blk.Labels[0]]
		o.Block = merged(o.Block, blk)
	case blk.Type == "module" && len(blk.Labels) == 1 && b.calls[blk.Labels[0]] != nil:
		c := b.calls[blk.Labels[0]]
		c.Block = merged(c.Block, blk)
	case blk.Type == "provider" && len(blk.Labels) == 1:
		p := &Provider{Name: blk.Labels[0], Alias: attrLiteral(blk.Body, "alias"), Block: blk}
		if old := b.providers[p.Key()]; old != nil {
			old.Block = merged(old.Block, blk)
			return
		}
		b.block(blk)
	case len(blk.Labels) == 2:
		r := &Resource{Mode: modeOf(blk.Type), Type: blk.Labels[0], Name: blk.Labels[1]}
		if old := m.byAddress[r.Address()]; old != nil {
			old.Block = merged(old.Block, blk)
			return
		}
		b.block(blk)
	default:
		b.block(blk)
	}
}

func merged(base, over *hclsyntax.Block) *hclsyntax.Block {
	out, body := *base, *base.Body
	out.Body = &body
	body.Attributes = make(hclsyntax.Attributes, len(base.Body.Attributes)+len(over.Body.Attributes))
	for n, a := range base.Body.Attributes {
		body.Attributes[n] = a
	}
	for n, a := range over.Body.Attributes {
		body.Attributes[n] = a
	}
	replaced := map[string]bool{}
	for _, blk := range over.Body.Blocks {
		replaced[overrideKey(blk)] = true
	}
	body.Blocks = nil
	var lifecycle *hclsyntax.Block
	for _, blk := range base.Body.Blocks {
		if blk.Type == "lifecycle" {
			lifecycle = blk
		} else if replaced[overrideKey(blk)] {
			continue
		}
		body.Blocks = append(body.Blocks, blk)
	}
	for _, blk := range over.Body.Blocks {
		if blk.Type == "lifecycle" && lifecycle != nil { // merged argument by argument
			for i := range body.Blocks {
				if body.Blocks[i] == lifecycle {
					body.Blocks[i] = merged(lifecycle, blk)
				}
			}
			continue
		}
		body.Blocks = append(body.Blocks, blk)
	}
	return &out
}

// overrideKey is the type of block, which a dynamic block shares with the blocks it makes.
func overrideKey(b *hclsyntax.Block) string {
	if b.Type == "dynamic" && len(b.Labels) == 1 {
		return b.Labels[0]
	}
	return b.Type
}

// ParseVars reads a .tfvars or .tfvars.json file: arguments at the top level.
func ParseVars(name string, text []byte) (*File, hcl.Diagnostics) {
	if !strings.HasSuffix(name, ".json") {
		return Parse(name, text)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	f := &File{Path: name, Bytes: text, JSON: true}
	body, diags := jsonArguments(name, text)
	f.Body = body
	return f, diags
}

// Has reports whether Module was asked for the directory.
func (c *Cache) Has(dir string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dirs[path.Clean(dir)] != nil
}
