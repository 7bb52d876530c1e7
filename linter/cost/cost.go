// Package cost estimates what the resources of Terraform plans cost in a month, before and after the plan. Input: plans as
// `terraform show -json` writes them, a dated price table and assumptions about usage. Output: a report by stage and resource
// with every quantity and unit price. What cannot be known is said to be unknown and never counted as nothing.
package cost

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost/amount"
	"github.com/titanicml/terraform-provider-titanicml/linter/cost/price"
)

// HoursPerMonth is the length of a month in estimates: 8,760 hours divided by twelve, as AWS's own calculator has it.
const HoursPerMonth = 730

// Options are what an estimate rests on.
type Options struct {
	Prices *price.Prices
	Usage  *Usage // may be nil: then everything that depends on usage is unknown
	Region string // overrides the region that the provider configuration of a plan names
}

// Report is an estimate over one or more plans.
type Report struct {
	Currency      string        `json:"currency"`
	HoursPerMonth int           `json:"hours_per_month"`
	Stages        []*Stage      `json:"stages"`
	Before        amount.Sum    `json:"before"`
	After         amount.Sum    `json:"after"`
	Change        amount.Sum    `json:"change"`
	Prices        []price.Price `json:"prices"` // those used, by key and region
	needed        map[Need]bool
}

// Need is a price that an estimate asks for.
type Need struct{ Key, Region string }

// Needed lists the prices that the estimate asked for, found or not.
func (r *Report) Needed() []Need {
	return slices.SortedFunc(maps.Keys(r.needed), func(a, b Need) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Region, b.Region))
	})
}

// Stage is the estimate of one plan.
type Stage struct {
	Name      string      `json:"name"`
	Plan      string      `json:"plan"`
	Resources []*Resource `json:"resources"`
	Before    amount.Sum  `json:"before"`
	After     amount.Sum  `json:"after"`
	Change    amount.Sum  `json:"change"`
}

// Resource is one resource of a plan. Before is nil for one that the plan creates, After for one that it deletes.
type Resource struct {
	Address string     `json:"address"`
	Type    string     `json:"type"`
	Action  Action     `json:"action"`
	Before  *Bill      `json:"before,omitempty"`
	After   *Bill      `json:"after,omitempty"`
	Change  amount.Sum `json:"change"`
}

// Action is what the plan does with a resource.
type Action string

// The actions; a replacement is one because its cost is that of the new resource.
const (
	Create  Action = "create"
	Update  Action = "update"
	Delete  Action = "delete"
	Replace Action = "replace"
	NoOp    Action = "no-op"
)

// Bill is what a resource costs in a month.
type Bill struct {
	Lines   []Line     `json:"lines,omitempty"`
	Free    string     `json:"free,omitempty"`    // why it costs nothing
	Unknown string     `json:"unknown,omitempty"` // why nothing at all is known
	Notes   []string   `json:"notes,omitempty"`
	Monthly amount.Sum `json:"monthly"`
}

// Line is one component of a bill.
type Line struct {
	Name     string          `json:"name"`
	Quantity amount.Quantity `json:"quantity"`
	Unit     string          `json:"unit"`
	Per      float64         `json:"per"`             // units that one unit price buys
	Price    *price.Price    `json:"price,omitempty"` // nil: no price is known
	Key      string          `json:"price_key"`
	Monthly  amount.Sum      `json:"monthly"`
	Usage    string          `json:"usage,omitempty"` // the assumption that would make an unknown quantity known
}

// UnitPrice shows what a price buys: "$0.011", "$0.20 per 1,000,000".
func (l Line) UnitPrice() string {
	if l.Price == nil {
		return "no price for " + l.Key
	}
	text := "$" + strconv.FormatFloat(l.Price.USD, 'f', -1, 64)
	if l.Per != 1 {
		text += " per " + amount.Count(l.Per)
	}
	return text
}

// Amount shows what the line costs a month, or what that depends on.
func (l Line) Amount() string {
	if l.Monthly.Unknown > 0 && l.Price != nil && l.Usage != "" && l.Monthly.High == 0 {
		return "depends on " + l.Usage
	}
	return l.Monthly.String()
}

// Sign marks what the plan does with the cost of a resource, as Terraform marks what it does with the resource.
func (r *Resource) Sign() string {
	switch {
	case r.Action == Create:
		return "+"
	case r.Action == Delete:
		return "-"
	case r.Change != amount.Sum{}:
		return "~"
	}
	return " "
}

// Estimate prices the resources of each plan before and after it.
func Estimate(plans []*Plan, o Options) (*Report, error) {
	if o.Prices == nil {
		return nil, fmt.Errorf("estimate costs: no price table")
	}
	report := &Report{Currency: "USD", HoursPerMonth: HoursPerMonth, needed: map[Need]bool{}}
	used := map[Need]price.Price{}
	for _, p := range plans {
		stage := &Stage{Name: p.Stage, Plan: p.Name}
		for _, change := range p.changes {
			r := &Resource{Address: change.address, Type: change.kind, Action: change.action}
			r.Before = billOf(change.before, o, used, report.needed)
			r.After = billOf(change.after, o, used, report.needed)
			r.Change = difference(r.Before, r.After)
			stage.Before = stage.Before.Plus(monthly(r.Before))
			stage.After = stage.After.Plus(monthly(r.After))
			stage.Change = stage.Change.Plus(r.Change)
			stage.Resources = append(stage.Resources, r)
		}
		report.Stages = append(report.Stages, stage)
		report.Before = report.Before.Plus(stage.Before)
		report.After = report.After.Plus(stage.After)
		report.Change = report.Change.Plus(stage.Change)
	}
	for _, price := range used {
		report.Prices = append(report.Prices, price)
	}
	slices.SortFunc(report.Prices, func(a, b price.Price) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), strings.Compare(a.Region, b.Region))
	})
	return report, nil
}

func monthly(b *Bill) amount.Sum {
	if b == nil {
		return amount.Sum{}
	}
	return b.Monthly
}

// difference is what a plan changes. Parts that are unknown in the same way before and after cancel each other out: the
// usage of a resource that only gets another tag stays what it was.
func difference(before, after *Bill) amount.Sum {
	d := amount.Sum{Low: monthly(after).Low - monthly(before).Low, High: monthly(after).High - monthly(before).High}
	open := map[string]int{}
	for sign, b := range map[int]*Bill{-1: before, 1: after} {
		if b == nil {
			continue
		}
		if b.Unknown != "" {
			open[b.Unknown] += sign
		}
		for _, l := range b.Lines {
			if l.Monthly.Unknown > 0 {
				open[fmt.Sprint(l.Name, l.Key, l.Price == nil, l.Quantity)] += sign
			}
		}
	}
	for _, n := range open {
		d.Unknown += max(n, -n)
	}
	return d
}

// billOf prices one state of a resource; nil where there is none.
func billOf(r *resource, o Options, used map[Need]price.Price, needed map[Need]bool) *Bill {
	if r == nil {
		return nil
	}
	k, ok := kindOf(r.kind)
	if !ok {
		return &Bill{Unknown: "no price is known for the type " + r.kind, Monthly: amount.Sum{Unknown: 1}}
	}
	if k.Free != "" {
		return &Bill{Free: k.Free}
	}
	b := &biller{resource: r, kind: k, usage: o.Usage, region: cmp.Or(o.Region, r.region), prices: o.Prices, used: used, needed: needed}
	k.bill(b)
	return &b.bill
}

// biller collects the lines of one resource.
type biller struct {
	*resource
	kind   *Kind
	usage  *Usage
	region string
	prices *price.Prices
	used   map[Need]price.Price
	needed map[Need]bool
	bill   Bill
}

// line adds a component whose price has a key of the catalogue.
func (b *biller) line(name, key string, q amount.Quantity) { b.lineOf(name, key, q, "") }

// usageLine adds a component whose quantity is an assumption about usage.
func (b *biller) usageLine(name, key, parameter string) {
	b.lineOf(name, key, b.assumed(parameter), parameter)
}

// assumed is the quantity that the usage file gives for a parameter, else unknown.
func (b *biller) assumed(parameter string) amount.Quantity {
	if n, ok := b.usage.Find(b.kind.Type, b.address, parameter); ok {
		return amount.Exactly(n)
	}
	return amount.Unknown
}

func (b *biller) lineOf(name, key string, q amount.Quantity, parameter string) {
	entry, ok := price.Lookup(key)
	if !ok {
		// A type of instance that no machine has: the price stays amount.Unknown, and so does the cost.
		entry = price.Entry{Key: key, Unit: "hours", Per: 1}
	}
	l := Line{Name: name, Quantity: q, Unit: entry.Unit, Per: entry.Per, Key: key}
	if q.Open {
		l.Usage = parameter
	}
	b.needed[Need{key, b.region}] = true
	if price, ok := b.prices.Find(key, b.region); ok {
		l.Price = &price
		b.used[Need{price.Key, price.Region}] = price
		l.Monthly = amount.Sum{Low: q.Low / entry.Per * price.USD, High: q.High / entry.Per * price.USD}
	}
	nothing := !q.Open && q.High == 0
	if q.Open || l.Price == nil && !nothing {
		l.Monthly.Unknown = 1
	}
	b.bill.Lines = append(b.bill.Lines, l)
	b.bill.Monthly = b.bill.Monthly.Plus(l.Monthly)
}

func (b *biller) note(format string, args ...any) {
	b.bill.Notes = append(b.bill.Notes, fmt.Sprintf(format, args...))
}

func (b *biller) free(why string) { b.bill.Free = why }

func (b *biller) unknown(format string, args ...any) {
	b.bill.Unknown = fmt.Sprintf(format, args...)
	b.bill.Monthly.Unknown++
}
