package serving

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// servingLog is a file that starts afresh at a size, keeping the one before: a process that serves
// for weeks cannot fill the disk.
type servingLog struct {
	mu   sync.Mutex
	path string
	f    *os.File
	size int64
	last []byte
}

const maxServingLog = 4 << 20

func openServingLog(path string) (*servingLog, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the log directory: %w", err)
	}
	l := &servingLog{path: path}
	return l, l.open(os.O_APPEND)
}

func (l *servingLog) open(how int) error {
	f, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|how, 0o644)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	l.f = f
	if info, err := f.Stat(); err == nil {
		l.size = info.Size()
	}
	return nil
}

// Write never fails: a full disk costs the log, not the endpoint.
func (l *servingLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = append(l.last, p[max(0, len(p)-512):]...)
	l.last = l.last[max(0, len(l.last)-512):]
	if l.f == nil {
		return len(p), nil
	}
	if l.size+int64(len(p)) > maxServingLog && l.size > 0 {
		l.f.Close()
		l.f = nil
		os.Rename(l.path, l.path+".1")
		if l.open(os.O_TRUNC) != nil {
			return len(p), nil
		}
	}
	n, _ := l.f.Write(p[:min(len(p), maxServingLog)])
	l.size += int64(n)
	return len(p), nil
}

// Close ends the log; what is written later is dropped.
func (l *servingLog) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		l.f.Close()
		l.f = nil
	}
}

func (l *servingLog) lastLine() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(l.last), "\uFFFD")), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
