package linter

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/linter/module"
)

// maxHeld bounds the source text that discovery keeps for the parser; beyond it files are read a second time.
const maxHeld = 128 << 20

// discover lists the root modules, sorted. Directories that others call are linted through their callers.
func (r *run) discover() []string {
	start := time.Now()
	defer func() { r.discovery = time.Since(start) }()
	if !r.o.Recursive {
		return slices.Clone(r.o.Dirs)
	}
	var dirs []string
	for _, d := range r.o.Dirs {
		r.walk(path.Clean(d), 0, &dirs)
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	called := r.scan(dirs)
	var roots []string
	for _, d := range dirs {
		if !called[d] {
			roots = append(roots, d)
		}
	}
	return roots
}

// skipDir names the directories that hold no configuration of the project itself.
func skipDir(name string) bool { return strings.HasPrefix(name, ".") || name == "node_modules" }

func (r *run) walk(dir string, depth int, dirs *[]string) {
	entries, err := r.files.ReadDir(dir)
	if err != nil {
		r.fail(err.Error(), rangeOfNothing)
		return
	}
	if depth > 128 {
		r.fail(fmt.Sprintf("directories nest deeper than 128 levels at %s", dir), rangeOfNothing)
		return
	}
	holds := false
	for _, e := range entries {
		if e.IsDir() {
			if !skipDir(e.Name()) && r.ctx.Err() == nil {
				r.walk(path.Join(dir, e.Name()), depth+1, dirs)
			}
			continue
		}
		source, _ := module.SourceName(e.Name())
		holds = holds || source
	}
	if holds {
		*dirs = append(*dirs, dir)
		r.texts[dir] = &dirText{entries: entries, texts: map[string][]byte{}}
	}
}

// scan reads the sources of all directories and collects which directories they may call.
func (r *run) scan(dirs []string) map[string]bool {
	called := map[string]bool{}
	var mu sync.Mutex
	held := 0
	parallel(workers(r.o.Workers), len(dirs), func(i int) {
		dir := dirs[i]
		d := r.texts[dir]
		var local []string
		size := 0
		var names []string
		for _, e := range d.entries {
			if ok, _ := module.SourceName(e.Name()); ok && !e.IsDir() {
				names = append(names, e.Name())
			}
		}
		take := func(name string, text []byte, err error) {
			if err != nil {
				return // the parser meets it again and reports it
			}
			local = append(local, localSources(text)...)
			d.texts[name] = text
			size += len(text)
		}
		if all, ok := r.files.(*module.Disk); ok && r.ctx.Err() == nil {
			if err := all.ReadAll(dir, names, module.MaxSource, take); err != nil {
				r.fail(err.Error(), rangeOfNothing)
			}
		} else {
			for _, n := range names {
				text, err := r.files.ReadFile(path.Join(dir, n), module.MaxSource)
				take(n, text, err)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if held += size; held > maxHeld {
			clear(d.texts)
		}
		for _, s := range local {
			if target := path.Join(dir, s); target != dir {
				called[target] = true
			}
		}
	})
	return called
}

func parallel(workers, n int, f func(i int)) {
	var wg sync.WaitGroup
	work := make(chan int)
	for range min(workers, n) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range work {
				f(i)
			}
		}()
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
}

// neverCalled lists the directories that looked called but were not: the call stood in a comment, or its callers call each
// other in a circle.
func (r *run) neverCalled() []string {
	if !r.o.Recursive {
		return nil
	}
	var out []string
	for dir := range r.texts {
		if !r.roots[dir] && !r.cache.Has(dir) {
			out = append(out, dir)
		}
	}
	slices.Sort(out)
	return out
}
