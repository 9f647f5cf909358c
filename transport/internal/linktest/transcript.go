// Package linktest has a Link that writes down what a session does with it, so that a
// test compares the whole conversation at once.
package linktest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// Transcript is a Link that writes down what a session does with it. The zero value is
// ready.
type Transcript struct {
	Lines  []string
	Full   bool    // the socket has no room
	Broken bool    // the socket is gone
	Kept   any     // for the next session
	Data   []Piece // everything that was handed over
	Frames int     // written

	// Questions are those that were put to others, in their order, for the test to
	// ask them.
	Questions []func(context.Context) any
	// Receipts are those of what was published, in its order.
	Receipts []any
	// Show tells what a binary frame says; nil: its kind.
	Show func([]byte) string
}

// Piece is data that was handed over, and what it was then.
type Piece struct {
	Data []byte
	Was  string
}

// Add writes a line.
func (l *Transcript) Add(format string, args ...any) {
	l.Lines = append(l.Lines, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

func (l *Transcript) keep(data []byte) []byte {
	l.Data = append(l.Data, Piece{data, string(data)})
	return data
}

// Write writes the frame down, unless the socket is full or broken.
func (l *Transcript) Write(f transport.Frame) error {
	switch {
	case l.Broken:
		return &messages.Error{Op: "write", Reason: messages.Because(messages.ReasonWriteError, "the pipe is broken")}
	case l.Full:
		return &messages.Error{Op: "write", Reason: messages.Because(messages.ReasonSlowConsumer, "the socket is full")}
	case f.Kind == transport.FramePing:
		l.Add("> ping %s", f.Data)
		return nil
	case f.Kind == transport.FrameBinary && l.Show != nil:
		l.Frames++
		l.Add("> %s", l.Show(f.Data))
		return nil
	case f.Kind != transport.FrameText:
		l.Add("> a frame of kind %d", f.Kind)
		return nil
	}
	l.Frames++
	l.Add("> %s", strings.ReplaceAll(string(f.Data), "\n", `\n`))
	return nil
}

// LoggedIn writes the login down.
func (l *Transcript) LoggedIn(login transport.Login) {
	line := fmt.Sprintf("login heartbeat=%s", login.Heartbeat)
	if login.TTL > 0 {
		line += fmt.Sprintf(" ttl=%s", login.TTL)
	}
	if login.Node != "" {
		line += " node=" + login.Node
	}
	if login.Resumed {
		line += " resumed"
	}
	if login.Gap {
		line += " gap"
	}
	l.Add("%s", line)
}

// Deliver writes the message down.
func (l *Transcript) Deliver(_ messages.Kind, kind string, data []byte) {
	l.Add("message %q %s", kind, l.keep(data))
}

// Acknowledge writes the message's end down.
func (l *Transcript) Acknowledge(id messages.MessageID, reason messages.Reason, _ any) {
	if reason.IsZero() {
		l.Add("delivered %d", id)
		return
	}
	l.Add("rejected %d %s", id, reason)
}

// Room writes the news down.
func (l *Transcript) Room(t transport.Ticket, news transport.RoomNews) {
	line := fmt.Sprintf("room %s#%d %s", t.Room, t.Number, news.Kind)
	if !news.Position.IsZero() {
		line += fmt.Sprintf(" at %s/%d", news.Position.Epoch, news.Position.Offset)
	}
	if news.Recovered {
		line += " recovered"
	}
	if news.TTL > 0 {
		line += fmt.Sprintf(" ttl=%s", news.TTL)
	}
	if !news.Reason.IsZero() {
		line += " " + news.Reason.String()
	}
	for _, p := range news.History {
		line += fmt.Sprintf(" [%d %s]", p.Offset, l.keep(p.Data))
	}
	l.Add("%s", line)
}

// Publish writes the message down, and keeps its receipt.
func (l *Transcript) Publish(room messages.RoomID, p transport.Publication) {
	line := fmt.Sprintf("pub %s %d %s", room, p.Offset, l.keep(p.Data))
	if p.Unasked {
		line += " unasked"
	}
	if p.Receipt != nil {
		l.Receipts = append(l.Receipts, p.Receipt)
	}
	l.Add("%s", line)
}

// Renewed writes it down.
func (l *Transcript) Renewed(ttl time.Duration) { l.Add("renewed %s", ttl) }

// Keep keeps it.
func (l *Transcript) Keep(memory any) { l.Kept = memory }

// Synced writes it down.
func (l *Transcript) Synced() { l.Add("synced") }

// HeartbeatAnswered writes it down.
func (l *Transcript) HeartbeatAnswered() { l.Add("heartbeat answered") }

// GoAway writes it down.
func (l *Transcript) GoAway(time.Duration, messages.Reason) { l.Add("go away") }

// Deduplicates writes it down.
func (l *Transcript) Deduplicates() { l.Add("deduplicates") }

// Ask keeps a question.
func (l *Transcript) Ask(question func(context.Context) any) {
	l.Add("ask")
	l.Questions = append(l.Questions, question)
}
