package wstest

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Transcript is what happened, one line each, in the order it was added:
//
//	peer>  101
//	us>    text "hello"
//	peer>  close 4001 "replaced"
//	status Kicked reason=KickedOtherDevice
//	+24h
//
// A server with [WithTranscript] writes the lines of both sides: "peer>" for
// what it does, just before it does it, "us>" for what it reads. The test adds
// its own. What a server answers by itself (pongs, the echo of a close frame)
// is left out, and so are pings: a day has thousands of them.
//
// The zero Transcript is ready to use, from any goroutine; a nil one keeps
// nothing.
type Transcript struct {
	mu    sync.Mutex
	lines []string
}

// Add appends a line, formatted as by fmt.Sprintf.
func (t *Transcript) Add(format string, args ...any) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, fmt.Sprintf(format, args...))
}

func (t *Transcript) peer(line string) { t.Add("peer>  %s", line) }
func (t *Transcript) us(line string)   { t.Add("us>    %s", line) }

// Sleep adds a line such as "+24h" and sleeps. It is for bubbles of
// testing/synctest, where sleeping takes no time; follow it with synctest.Wait.
func (t *Transcript) Sleep(d time.Duration) {
	t.Add("+%s", span(d))
	time.Sleep(d)
}

// span renders 24h as "24h" where the time package has "24h0m0s".
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// Lines returns a copy of the lines.
func (t *Transcript) Lines() []string {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.lines...)
}

// String is all lines, each with a newline.
func (t *Transcript) String() string {
	var b strings.Builder
	for _, line := range t.Lines() {
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// Clear forgets the lines.
func (t *Transcript) Clear() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = nil
}
