package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter"
)

// escape is all that text and quoted attributes need; html/template would cost start-up time in every run.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(printable(s))
}

// html writes one page that needs nothing else: filters by text, severity and rule, and follows the reader's light or dark mode.
func html(b *bytes.Buffer, in Input) error {
	b.WriteString(htmlHead)
	count := map[linter.Severity]int{}
	rules := map[string]int{}
	var order []string
	for _, f := range in.Findings {
		count[f.Severity]++
		if rules[f.Rule.Name]++; rules[f.Rule.Name] == 1 {
			order = append(order, f.Rule.Name)
		}
	}
	fmt.Fprintf(b, "<p>%d errors, %d warnings, %d notices, %d failures</p>\n", count[linter.Error], count[linter.Warning], count[linter.Notice], len(in.Failures))
	b.WriteString("<form><label>Text <input id=\"q\" type=\"search\"></label> <label>Severity <select id=\"s\"><option value=\"\">all</option><option>error</option><option>warning</option><option>notice</option></select></label> <label>Rule <select id=\"r\"><option value=\"\">all</option>")
	for _, r := range order {
		fmt.Fprintf(b, "<option value=\"%s\">%s (%d)</option>", r, r, rules[r])
	}
	b.WriteString("</select></label> <output id=\"n\"></output></form>\n<main>\n")
	for _, f := range in.Failures {
		fmt.Fprintf(b, "<article class=\"error\" data-s=\"error\" data-r=\"\"><h2>%s</h2><p class=\"at\"><strong>failure</strong> %s</p></article>\n", escape(f.Message), escape(place(f.Range)))
	}
	for _, f := range in.Findings {
		fmt.Fprintf(b, "<article class=\"%s\" data-s=\"%s\" data-r=\"%s\"><h2>%s</h2><p class=\"at\"><strong>%s</strong> %s <a href=\"%s\">%s</a></p>", f.Severity, f.Severity,
			f.Rule.Name, escape(f.Message), f.Severity, escape(place(f.Range)), link(f.Rule), f.Rule.Name)
		if len(f.Snippet) > 0 {
			b.WriteString("<pre>")
			for i, row := range f.Snippet {
				fmt.Fprintf(b, "<span>%d</span> %s\n", f.Range.Start.Line+i, escape(row))
			}
			b.WriteString("</pre>")
		}
		for _, c := range f.Callers {
			fmt.Fprintf(b, "<p class=\"at\">called at %s</p>", escape(place(c)))
		}
		b.WriteString("</article>\n")
	}
	b.WriteString(htmlTail)
	return nil
}

const htmlHead = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>titanicml-lint</title>
<style>
:root { color-scheme: light dark; --line: #8884; --error: #c62828; --warning: #a86400; --notice: #1565c0 }
@media (prefers-color-scheme: dark) { :root { --error: #ff8a80; --warning: #ffcc66; --notice: #82b1ff } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
form { display: flex; flex-wrap: wrap; gap: 1rem; align-items: center; margin-bottom: 1rem }
input, select { font: inherit }
article { border-left: 4px solid var(--notice); border-bottom: 1px solid var(--line); padding: .4rem .8rem; overflow-wrap: anywhere }
article.error { border-left-color: var(--error) }
article.warning { border-left-color: var(--warning) }
h2 { font-size: 1rem; margin: 0 }
.at { margin: 0; font-size: .85rem; opacity: .8 }
pre { overflow-x: auto; border: 1px solid var(--line); padding: .4rem; margin: .3rem 0 }
pre span { opacity: .6 }
[hidden] { display: none }
</style>
</head>
<body>
<h1>titanicml-lint</h1>
`

const htmlTail = `</main>
<script>
const q = document.getElementById("q"), s = document.getElementById("s"), r = document.getElementById("r"), n = document.getElementById("n");
const all = [...document.querySelectorAll("article")];
function show() {
  let shown = 0;
  for (const a of all) {
    a.hidden = !((!s.value || a.dataset.s === s.value) && (!r.value || a.dataset.r === r.value) && a.textContent.toLowerCase().includes(q.value.toLowerCase()));
    if (!a.hidden) shown++;
  }
  n.textContent = shown + " of " + all.length;
}
for (const e of [q, s, r]) e.addEventListener("input", show);
document.querySelector("form").addEventListener("submit", e => e.preventDefault());
show();
</script>
</body>
</html>
`
