package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// timeline prints what happens and remembers it.
type timeline struct {
	start time.Time

	mu      sync.Mutex
	changed chan struct{} // closed when something has happened
	lost    int           // T0s
	heard   int           // messages
	been    map[messages.RoomID][]string
	said    map[messages.RoomID][]string
	closed  bool
	settled messages.RoomsSettled // after the interruption
}

func newTimeline() *timeline {
	return &timeline{
		start: time.Now(), changed: make(chan struct{}),
		been: map[messages.RoomID][]string{}, said: map[messages.RoomID][]string{},
	}
}

// happened takes the lock; what is returned gives it back and wakes who waits.
func (t *timeline) happened() func() {
	t.mu.Lock()
	return func() {
		close(t.changed)
		t.changed = make(chan struct{})
		t.mu.Unlock()
	}
}

// until waits until something is so.
func (t *timeline) until(ctx context.Context, what string, so func() bool) error {
	for {
		t.mu.Lock()
		done, changed := so(), t.changed
		t.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, ctx.Err())
		}
	}
}

func (t *timeline) line(moment, format string, args ...any) {
	fmt.Printf("%5.2fs %2s  %s\n", time.Since(t.start).Seconds(), moment, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

// say prints what is about to happen.
func (t *timeline) say(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Println()
	t.line("--", "%s", what)
}

// note is told every event of the fleet.
func (t *timeline) note(event messages.Event) {
	defer t.happened()()
	switch e := event.(type) {
	case messages.StatusChanged:
		t.closed = e.Cur == messages.Closed
		if e.Cur == messages.Ready || e.Prev == messages.Ready || t.closed {
			t.line("", "%-7s %-17s %s", e.Channel, e.Cur, why(e.Reason))
		}
	case messages.RoomChanged:
		where, at := e.Cur.String(), moment(e)
		switch {
		case e.Gap:
			where += "/gap"
		case e.Recovered:
			where += "/recovered"
		}
		t.been[e.Room] = append(t.been[e.Room], where)
		if at == "T0" {
			t.lost++
		}
		t.line(at, "%-7s %-17s %s", e.Room, where, why(e.Reason))
	case messages.RoomsSettled:
		t.line("", "%-7s settled: %d joined, %d of them with a gap, %d not", e.Channel, e.OK, e.Gap, e.Failed)
		if t.lost > 0 {
			t.settled = e
		}
	}
}

// moment says which moment of an interruption a change is, if it is one.
func moment(e messages.RoomChanged) string {
	switch {
	case e.Cur == messages.RoomInterrupted:
		return "T0"
	case e.Cur == messages.RoomVerifying:
		return "T1"
	case e.Cur == messages.RoomRejoining: // on the way to T2
		return ""
	case e.Prev == messages.RoomVerifying, e.Prev == messages.RoomRejoining:
		return "T2"
	}
	return ""
}

// why is a reason in a few words, with those of the server if there are any.
func why(reason messages.Reason) string {
	switch {
	case reason.IsZero():
		return ""
	case reason.Wire.Text != "":
		return fmt.Sprintf("%s: the server says %d %q", reason.Code.String(), reason.Wire.Code, reason.Wire.Text)
	}
	return reason.Code.String()
}

// hear is the handler of every room.
func (t *timeline) hear(m messages.Received) {
	defer t.happened()()
	missed := ""
	if m.Recovered {
		missed = ", said while ann was away"
	}
	t.heard++
	t.said[m.Room] = append(t.said[m.Room], string(m.Data))
	t.line("", "%-7s heard %s%s", m.Room, m.Data, missed)
}

// gap is called in its turn among the messages of the room.
func (t *timeline) gap(g messages.Gap) {
	defer t.happened()()
	t.said[g.Room] = append(t.said[g.Room], "gap")
	t.line("", "%-7s nobody knows what came after offset %d; the room is at %d", g.Room, g.After.Offset, g.Before.Offset)
}

// compare looks whether everything came as it was planned.
func (t *timeline) compare() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	if s := t.settled; s.OK != 2 || s.Gap != 1 || s.Failed != 1 {
		errs = append(errs, fmt.Errorf("the rooms settled as %+v", s))
	}
	for room, want := range plan {
		if got := strings.Join(t.been[room], " "); got != want.been {
			errs = append(errs, fmt.Errorf("%s was %s; planned was %s", room, got, want.been))
		}
		if got := strings.Join(t.said[room], " "); got != want.heard {
			errs = append(errs, fmt.Errorf("in %s was heard %s; planned was %s", room, got, want.heard))
		}
	}
	return errors.Join(errs...)
}
