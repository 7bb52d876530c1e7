package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/titanicml/terraform-provider-titanicml/internal/proof"
)

// sample is what the engine holds at a moment.
type sample struct {
	at          time.Duration // since the begin
	rss         float64       // bytes
	descriptors float64
	children    float64 // processes that it has started
	disk        float64 // bytes in its data directory
}

// interval lies between two samples.
const interval = 2 * time.Second

// look takes a sample. It needs /proc.
func look(pid int, dataDir string) (sample, error) {
	var s sample
	process := filepath.Join("/proc", strconv.Itoa(pid))
	status, err := os.ReadFile(filepath.Join(process, "status"))
	if err != nil {
		return s, fmt.Errorf("looking at the engine: %w; its memory and descriptors are read from /proc, which Linux has", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err != nil {
				return s, fmt.Errorf("reading VmRSS of %s: %w", process, err)
			}
			s.rss = kib * 1024
		}
	}
	if s.rss == 0 {
		return s, fmt.Errorf("looking at the engine: process %d has ended", pid)
	}
	descriptors, err := os.ReadDir(filepath.Join(process, "fd"))
	if err != nil {
		return s, fmt.Errorf("looking at the engine: %w", err)
	}
	s.descriptors = float64(len(descriptors))
	tasks, err := filepath.Glob(filepath.Join(process, "task", "*", "children"))
	if err != nil {
		return s, err
	}
	for _, task := range tasks {
		body, err := os.ReadFile(task)
		if errors.Is(err, fs.ErrNotExist) {
			continue // that thread has ended
		}
		if err != nil {
			return s, fmt.Errorf("looking at the engine: %w", err)
		}
		s.children += float64(len(strings.Fields(string(body))))
	}
	err = filepath.WalkDir(dataDir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil {
				s.disk += float64(info.Size())
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted meanwhile
		}
		return err
	})
	return s, err
}

// watch samples until ctx ends, and says every minute how it goes.
func watch(ctx context.Context, pid int, dataDir string, begin time.Time, l *load, e *endpoint) ([]sample, error) {
	var samples []sample
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	said := begin
	for {
		select {
		case <-ctx.Done():
			return samples, nil
		case <-ticker.C:
		}
		s, err := look(pid, dataDir)
		if err != nil {
			return nil, err
		}
		s.at = time.Since(begin)
		samples = append(samples, s)
		if time.Since(said) >= time.Minute {
			said = time.Now()
			fmt.Printf("  %5s  %8d answered  %d failed  %4d updates  %.1f MiB resident  %.0f descriptors  %.0f processes\n", s.at.Round(time.Second),
				l.answered.Load(), l.failed.Load()+l.wrong.Load(), e.updates.Load(), s.rss/mib, s.descriptors, s.children)
		}
	}
}

const mib = 1 << 20

// trend fits a line through values by least squares and returns how much it rises from the first sample to the last.
func trend(samples []sample, value func(sample) float64) float64 {
	if len(samples) < 2 {
		return 0
	}
	var meanX, meanY float64
	for _, s := range samples {
		meanX += s.at.Seconds() / float64(len(samples))
		meanY += value(s) / float64(len(samples))
	}
	var covariance, variance float64
	for _, s := range samples {
		dx := s.at.Seconds() - meanX
		covariance += dx * (value(s) - meanY)
		variance += dx * dx
	}
	return covariance / variance * (samples[len(samples)-1].at - samples[0].at).Seconds()
}

func median(samples []sample, value func(sample) float64) float64 {
	var values []float64
	for _, s := range samples {
		values = append(values, value(s))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// warmUp is left out of the trends: caches fill, and the collector finds its pace.
func warmUp(length time.Duration) time.Duration { return min(length/6, 5*time.Minute) }

// judged is what a line needs to say anything: over less, three samples more or less decide.
const judged = 2 * time.Minute

// figures judges. Flat means that the fitted line rises, over the time that was measured, by at most a tenth of the median (or
// 4 MiB) of memory, and by at most two descriptors or one process. One leaked descriptor in ten updates would exceed that
// thirtyfold in half an hour, and 10 KiB an update would exceed it for memory.
func figures(s settings, l *load, e *endpoint, samples []sample) []proof.Figure {
	measured := slices.DeleteFunc(slices.Clone(samples), func(m sample) bool { return m.at < warmUp(s.length) })
	if len(measured) < 2 {
		return []proof.Figure{{Name: "samples after the warm-up", Value: strconv.Itoa(len(measured)), Bound: ">= 2"}}
	}
	rss := func(m sample) float64 { return m.rss }
	descriptors := func(m sample) float64 { return m.descriptors }
	children := func(m sample) float64 { return m.children }
	disk := func(m sample) float64 { return m.disk }
	allowed := max(median(measured, rss)/10, 4*mib)
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	failed, wrong := l.failed.Load(), l.wrong.Load()
	wanted := int64(s.length/s.every) / 2 // a busy machine takes longer for one
	span := (measured[len(measured)-1].at - measured[0].at).Round(time.Second)
	flat := func(name, unit string, value func(sample) float64, one, limit float64) proof.Figure {
		r := trend(measured, value) / one
		f := proof.Figure{Name: fmt.Sprintf("%s, rise of the fitted line over %s", name, span), Value: fmt.Sprintf("%+.2f%s", r, unit), OK: true}
		if span >= judged {
			f.Bound, f.OK = fmt.Sprintf("<= %.3g%s", limit, unit), r <= limit
		}
		return f
	}
	return []proof.Figure{
		{Name: "requests answered", Value: count(l.answered.Load()), Bound: ">= 1", OK: l.answered.Load() > 0},
		{Name: "requests failed", Value: count(failed), Bound: "0", OK: failed == 0},
		{Name: "answers by a model not in service", Value: count(wrong), Bound: "0", OK: wrong == 0},
		{Name: "endpoint updates", Value: count(e.updates.Load()), Bound: ">= " + count(wanted), OK: e.updates.Load() >= wanted},
		flat("resident memory", " MiB", rss, mib, allowed/mib),
		{Name: "resident memory, median", Value: fmt.Sprintf("%.1f MiB", median(measured, rss)/mib), OK: true},
		flat("file descriptors", "", descriptors, 1, 2),
		{Name: "file descriptors, median", Value: fmt.Sprintf("%.0f", median(measured, descriptors)), OK: true},
		flat("processes", "", children, 1, 1),
		{Name: fmt.Sprintf("data directory, rise of the fitted line over %s", span), Value: fmt.Sprintf("%+.2f MiB", trend(measured, disk)/mib), OK: true},
	}
}
