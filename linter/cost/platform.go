package cost

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/titanicml/terraform-provider-titanicml/linter/cost/amount"
)

func trail(b *biller) {
	b.usageLine("management events, further copy", "cloudtrail.management_events", "monthly_additional_management_events")
	b.note("the first copy of management events of an account is free")
}

func logGroup(b *biller) {
	b.usageLine("ingestion", "cloudwatch.logs.ingested", "monthly_data_ingested_gb")
	b.usageLine("storage", "cloudwatch.logs.stored", "storage_gb")
}

// metricAlarm counts the metrics that an alarm looks at: one, or those that its metric queries read.
func metricAlarm(b *biller) {
	kind := "cloudwatch.alarm"
	if period, ok := b.number("period"); ok && period > 0 && period < 60 {
		kind = "cloudwatch.alarm.high_resolution"
	}
	queries, known := b.list("metric_query")
	switch {
	case !known:
		b.line("alarm", kind, amount.AtLeast(1))
	case len(queries) == 0:
		b.line("alarm", kind, amount.Exactly(1))
	default:
		metrics := 0
		for i := range queries {
			metric, known := b.list("metric_query", i, "metric")
			if !known || len(metric) > 0 {
				metrics++
			}
			if period, ok := b.number("metric_query", i, "metric", 0, "period"); ok && period > 0 && period < 60 {
				kind = "cloudwatch.alarm.high_resolution"
			}
		}
		b.line("alarm", kind, amount.Exactly(float64(max(metrics, 1))))
	}
}

func key(b *biller) {
	b.line("key", "kms.key", amount.Exactly(1))
	if rotates, _ := b.flag("enable_key_rotation"); rotates {
		rotations := amount.Between(0, 2)
		if n, ok := b.usage.Find(b.kind.Type, b.address, "rotations"); ok {
			rotations = amount.Exactly(min(n, 2))
		}
		b.line("earlier versions of the key", "kms.key", rotations)
	}
	b.usageLine("requests", "kms.requests", "monthly_requests")
}

func bucket(b *biller) {
	b.usageLine("storage", "s3.storage", "storage_gb")
	b.usageLine("writes", "s3.writes", "monthly_tier_1_requests")
	b.usageLine("reads", "s3.reads", "monthly_tier_2_requests")
}

// vpcEndpoint pays per zone and hour; before the first apply a plan does not know the subnets, but one there must be.
func vpcEndpoint(b *biller) {
	kind, known := b.get("vpc_endpoint_type")
	if !known {
		b.unknown("its vpc_endpoint_type is not known before the apply")
		return
	}
	if kind == nil || kind == "Gateway" {
		b.free("gateway endpoints are free")
		return
	}
	if kind != "Interface" {
		b.unknown("no price is known for endpoints of type %v", kind)
		return
	}
	subnets, known := b.list("subnet_ids")
	zones := amount.Exactly(float64(len(subnets)))
	if !known || len(subnets) == 0 {
		zones = amount.AtLeast(1)
		if n, ok := b.usage.Find(b.kind.Type, b.address, "zones"); ok {
			zones = amount.Exactly(n)
		}
	}
	b.lineOf("interfaces, one per zone", "vpc.endpoint", zones.Times(HoursPerMonth), "zones")
	b.usageLine("data", "vpc.endpoint.data", "monthly_data_processed_gb")
}

// schedule counts what the expression allows. The window is the longest month, so that the number is never too low.
func schedule(b *biller) {
	expression, known := b.text("schedule_expression")
	if !known {
		b.line("invocations", "eventbridge.scheduler", amount.Unknown)
		return
	}
	b.line("invocations", "eventbridge.scheduler", invocations(expression))
}

var (
	rate       = regexp.MustCompile(`^rate\(\s*(\d{1,9})\s+(minute|hour|day)s?\s*\)$`)
	wholeField = regexp.MustCompile(`^\d+$`)
)

const daysInMonth = 31

// invocations bounds how often a month an expression of EventBridge Scheduler fires.
func invocations(expression string) amount.Quantity {
	if m := rate.FindStringSubmatch(expression); m != nil {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil || n == 0 {
			return amount.Unknown
		}
		minutes := map[string]float64{"minute": 1, "hour": 60, "day": 24 * 60}[m[2]] * n
		return amount.Exactly(HoursPerMonth * 60 / minutes)
	}
	if strings.HasPrefix(expression, "at(") {
		return amount.Between(0, 1)
	}
	fields := strings.Fields(strings.TrimSuffix(strings.TrimPrefix(expression, "cron("), ")"))
	if !strings.HasPrefix(expression, "cron(") || len(fields) != 6 {
		return amount.Unknown
	}
	perDay := 1.0
	if !wholeField.MatchString(fields[0]) {
		perDay *= 60
	}
	if !wholeField.MatchString(fields[1]) {
		perDay *= 24
	}
	return amount.Between(0, perDay*daysInMonth)
}

func secret(b *biller) {
	b.line("secret", "secretsmanager.secret", amount.Exactly(1))
	b.usageLine("requests", "secretsmanager.requests", "monthly_requests")
}

func stateMachine(b *biller) {
	kind, known := b.get("type")
	if !known || kind != nil && kind != "STANDARD" {
		b.unknown("no price is known for state machines other than STANDARD")
		return
	}
	b.usageLine("transitions", "states.transitions", "monthly_transitions")
	if traced, _ := b.flag("tracing_configuration", 0, "enabled"); traced {
		b.usageLine("traces", "xray.traces", "monthly_traces")
	}
}

func topic(b *biller) {
	b.usageLine("messages", "sns.requests", "monthly_requests")
	b.usageLine("emails", "sns.emails", "email_subscriptions")
}

func queue(b *biller) {
	kind := "sqs.requests"
	if fifo, _ := b.flag("fifo_queue"); fifo {
		kind = "sqs.fifo.requests"
	}
	b.usageLine("requests", kind, "monthly_requests")
}
