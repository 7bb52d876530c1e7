// Command diagram renders docs/architecture.dot.txt, a grid of nodes and the arrows between them, as
// docs/architecture.svg.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"html"
	"io"
	"os"
	"strconv"
	"strings"
)

const (
	source = "docs/architecture.dot.txt"
	target = "docs/architecture.svg"

	boxWidth, boxHeight = 210, 64
	gapX, gapY          = 90, 70
	margin              = 20
)

func main() {
	if err := run(); err != nil {
		_, _ = fmt.Fprintf(os.Stderr, "diagram: %v\n", err) // nowhere else to report to
		os.Exit(1)
	}
}

func run() error {
	file, err := os.Open(source)
	if err != nil {
		return fmt.Errorf("read the diagram: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	picture, err := render(file)
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	if err := os.WriteFile(target, []byte(picture), 0o644); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

type node struct {
	x, y  int
	lines []string
}

type edge struct{ from, to, label string }

func render(in io.Reader) (string, error) {
	nodes, order, edges, err := parse(in)
	if err != nil {
		return "", err
	}
	width, height := 0, 0
	for _, n := range nodes {
		width, height = max(width, n.x+boxWidth+margin), max(height, n.y+boxHeight+margin)
	}
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" role="img" aria-label="Architecture">`+"\n", width, height)
	out.WriteString(`<defs><marker id="arrow" markerWidth="9" markerHeight="7" refX="8" refY="3.5" orient="auto"><path d="M0,0 L9,3.5 L0,7 z" fill="#557"/></marker></defs>` + "\n")
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	for _, e := range edges {
		from, to := nodes[e.from], nodes[e.to]
		x1, y1, x2, y2 := ends(from, to)
		fmt.Fprintf(&out, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="#557" stroke-width="1.5" marker-end="url(#arrow)"/>`+"\n", x1, y1, x2, y2)
		fmt.Fprintf(&out, `<text x="%d" y="%d" font-size="11" fill="#335" text-anchor="middle" paint-order="stroke" stroke="#fff" stroke-width="4">%s</text>`+"\n", (x1+x2)/2, (y1+y2)/2-6, html.EscapeString(e.label))
	}
	for _, id := range order {
		n := nodes[id]
		fmt.Fprintf(&out, `<rect x="%d" y="%d" width="%d" height="%d" rx="8" fill="#eef3fb" stroke="#557"/>`+"\n", n.x, n.y, boxWidth, boxHeight)
		for i, line := range n.lines {
			weight := map[bool]string{true: "bold", false: "normal"}[i == 0]
			fmt.Fprintf(&out, `<text x="%d" y="%d" font-size="13" font-weight="%s" text-anchor="middle">%s</text>`+"\n", n.x+boxWidth/2, n.y+27+20*i, weight, html.EscapeString(line))
		}
	}
	out.WriteString("</svg>\n")
	return out.String(), nil
}

// ends are where an arrow leaves one box and meets the other: sides between columns, top and bottom within one.
func ends(from, to node) (x1, y1, x2, y2 int) {
	middle := func(n node) int { return n.y + boxHeight/2 }
	switch {
	case to.x > from.x:
		return from.x + boxWidth, middle(from), to.x, middle(to)
	case to.x < from.x:
		return from.x, middle(from), to.x + boxWidth, middle(to)
	case to.y > from.y:
		return from.x + boxWidth/2, from.y + boxHeight, to.x + boxWidth/2, to.y
	}
	return from.x + boxWidth/2, from.y, to.x + boxWidth/2, to.y + boxHeight
}

func parse(in io.Reader) (nodes map[string]node, order []string, edges []edge, err error) {
	nodes = map[string]node{}
	scanner := bufio.NewScanner(in)
	for number := 1; scanner.Scan(); number++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		kind, rest, _ := strings.Cut(line, " ")
		switch fields := strings.Fields(rest); {
		case kind == "node" && len(fields) >= 4:
			column, errColumn := strconv.Atoi(fields[0])
			row, errRow := strconv.Atoi(fields[1])
			if err := errors.Join(errColumn, errRow); err != nil {
				return nil, nil, nil, fmt.Errorf("line %d: %w", number, err)
			}
			nodes[fields[2]] = node{margin + column*(boxWidth+gapX), margin + row*(boxHeight+gapY), strings.Split(strings.Join(fields[3:], " "), "|")}
			order = append(order, fields[2])
		case kind == "edge" && len(fields) >= 3:
			edges = append(edges, edge{fields[0], fields[1], strings.Join(fields[2:], " ")})
		default:
			return nil, nil, nil, fmt.Errorf("line %d: got %q, expected node COLUMN ROW ID LABEL or edge FROM TO LABEL", number, line)
		}
	}
	for _, e := range edges {
		for _, id := range []string{e.from, e.to} {
			if _, ok := nodes[id]; !ok {
				return nil, nil, nil, fmt.Errorf("an edge names %q, which is no node", id)
			}
		}
	}
	return nodes, order, edges, scanner.Err()
}
