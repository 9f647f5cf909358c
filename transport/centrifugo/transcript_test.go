package centrifugo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// transcript is a Link that writes down what a session does with it.
type transcript struct {
	lines  []string
	full   bool    // the socket has no room
	broken bool    // the socket is gone
	kept   any     // for the next session
	data   []piece // everything that was handed over
	frames int     // written
}

// piece is data that was handed over, and what it was then.
type piece struct {
	data []byte
	was  string
}

func (l *transcript) add(format string, args ...any) {
	l.lines = append(l.lines, strings.TrimSpace(fmt.Sprintf(format, args...)))
}

func (l *transcript) keep(data []byte) []byte {
	l.data = append(l.data, piece{data, string(data)})
	return data
}

func (l *transcript) Write(f transport.Frame) error {
	switch {
	case l.broken:
		return &messages.Error{Op: "write", Reason: messages.Because(messages.ReasonWriteError, "the pipe is broken")}
	case l.full:
		return &messages.Error{Op: "write", Reason: messages.Because(messages.ReasonSlowConsumer, "the socket is full")}
	case f.Kind == transport.FramePing:
		l.add("> ping %s", f.Data)
		return nil
	case f.Kind != transport.FrameText:
		l.add("> a frame of kind %d", f.Kind)
		return nil
	}
	l.frames++
	l.add("> %s", strings.ReplaceAll(string(f.Data), "\n", `\n`))
	return nil
}

func (l *transcript) LoggedIn(login transport.Login) {
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
	l.add("%s", line)
}

func (l *transcript) Deliver(_ messages.Kind, kind string, data []byte) {
	l.add("message %q %s", kind, l.keep(data))
}

func (l *transcript) Acknowledge(id messages.MessageID, reason messages.Reason, _ any) {
	if reason.IsZero() {
		l.add("delivered %d", id)
		return
	}
	l.add("rejected %d %s", id, reason)
}

func (l *transcript) Room(t transport.Ticket, news transport.RoomNews) {
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
	l.add("%s", line)
}

func (l *transcript) Publish(room messages.RoomID, p transport.Publication) {
	line := fmt.Sprintf("pub %s %d %s", room, p.Offset, l.keep(p.Data))
	if p.Unasked {
		line += " unasked"
	}
	l.add("%s", line)
}

func (l *transcript) Renewed(ttl time.Duration)             { l.add("renewed %s", ttl) }
func (l *transcript) Keep(memory any)                       { l.kept = memory }
func (l *transcript) Synced()                               { l.add("synced") }
func (l *transcript) HeartbeatAnswered()                    { l.add("heartbeat answered") }
func (l *transcript) GoAway(time.Duration, messages.Reason) { l.add("go away") }
func (l *transcript) Ask(func(context.Context) any)         { l.add("ask") }
func (l *transcript) Deduplicates()                         { l.add("deduplicates") }
