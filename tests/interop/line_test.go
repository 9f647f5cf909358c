package interop

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

// line is a channel as a test sees it: what it was told, and what came in.
type line struct {
	*supervisor.Channel
	t       *testing.T
	ctx     context.Context
	changes *queue[messages.StatusChanged]
	inbox   *queue[messages.Received]
}

func (l *line) waiting() (context.Context, context.CancelFunc) {
	return context.WithTimeout(l.ctx, patience)
}

// until waits for the next change to that status.
func (l *line) until(status messages.Status) messages.StatusChanged {
	l.t.Helper()
	seen := l.through(status)
	return seen[len(seen)-1]
}

// through gives every change up to the next one to that status.
func (l *line) through(status messages.Status) []messages.StatusChanged {
	l.t.Helper()
	ctx, cancel := l.waiting()
	defer cancel()
	var seen []messages.StatusChanged
	for {
		change, err := l.changes.take(ctx)
		if err != nil {
			l.t.Fatalf("%s: it did not become %s: %v\nsince the last look:\n%s", l, status, err, tell(seen))
		}
		seen = append(seen, change)
		if change.Cur == status {
			return seen
		}
	}
}

// story tells the changes up to the next one to that status, without the
// stations of a connection that succeeds.
func (l *line) story(status messages.Status) string {
	l.t.Helper()
	return tell(l.through(status))
}

// tell writes changes one a line. Delays are random and details are for people:
// both are left out.
func tell(changes []messages.StatusChanged) string {
	var b strings.Builder
	for _, c := range changes {
		if c.Cur.Phase() == messages.PhaseConnecting {
			continue
		}
		b.WriteString(c.Cur.String())
		if c.Reason.Code != messages.ReasonOK {
			reason := c.Reason
			reason.Detail = ""
			fmt.Fprintf(&b, " reason=%s", reason)
		}
		if c.Attempt > 0 {
			fmt.Fprintf(&b, " attempt=%d", c.Attempt)
		}
		if c.Action != messages.ActionNone && c.Action != messages.ActionWait {
			fmt.Fprintf(&b, " action=%s", c.Action)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// expectStory compares what happened up to the status with what should have.
func (l *line) expectStory(until messages.Status, want string) {
	l.t.Helper()
	want = strings.ReplaceAll(strings.TrimLeft(want, "\n"), "\t", "")
	if got := l.story(until); got != want {
		l.t.Errorf("%s went through\n%s\nit should have been\n%s", l, got, want)
	}
}

// receive waits for the next inbound message.
func (l *line) receive() messages.Received {
	l.t.Helper()
	ctx, cancel := l.waiting()
	defer cancel()
	m, err := l.inbox.take(ctx)
	if err != nil {
		l.t.Fatalf("%s: nothing came in: %v\nsince the last look:\n%s", l, err, tell(l.changes.all()))
	}
	return m
}

// say sends a message and waits until it was written.
func (l *line) say(m messages.Message) {
	l.t.Helper()
	l.written(l.send(m))
}

func (l *line) send(m messages.Message) *supervisor.Receipt {
	l.t.Helper()
	receipt, err := l.Send(l.ctx, m)
	if err != nil {
		l.t.Fatalf("%s: %v", l, err)
	}
	return receipt
}

func (l *line) written(receipt *supervisor.Receipt) {
	l.t.Helper()
	ctx, cancel := l.waiting()
	defer cancel()
	outcome, err := receipt.Wait(ctx)
	if err != nil {
		l.t.Fatalf("%s: no outcome: %v", l, err)
	}
	if outcome.Result != messages.ResultWritten {
		l.t.Fatalf("%s: the message ended as %s because of %s", l, outcome.Result, outcome.Reason)
	}
}

// ping sends a heartbeat and returns the round-trip time.
func (l *line) ping() time.Duration {
	l.t.Helper()
	ctx, cancel := l.waiting()
	defer cancel()
	rtt, err := l.Ping(ctx)
	if err != nil {
		l.t.Fatalf("%s: %v", l, err)
	}
	return rtt
}
