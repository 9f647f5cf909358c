package simulation

import (
	"fmt"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
)

// answerWithin is how long a question may wait, by default; then another may take
// its place.
const answerWithin = 10 * time.Second

// pace is how fast one channel asks its server about rooms: every join and verify
// at the moment when it leaves, before the network delays it, and how many had
// no answer at once.
type pace struct {
	limits supervisor.RoomLimits

	mu     sync.Mutex
	at     []time.Time
	most   int
	wrongs []string
}

// flight is the questions of one connection that have no answer. It belongs to
// the connection.
type flight struct {
	*pace
	asked map[messages.RoomID]asked
}

type asked struct {
	ticket uint64
	at     time.Time
}

func (p *pace) begin() *flight { return &flight{pace: p, asked: map[messages.RoomID]asked{}} }

func (f *flight) asks(t transport.Ticket) {
	now := time.Now()
	for room, q := range f.asked {
		if now.Sub(q.at) >= answerWithin {
			delete(f.asked, room)
		}
	}
	if _, twice := f.asked[t.Room]; twice {
		f.wrong("%s was asked for while a question about it had no answer", t.Room)
	}
	f.asked[t.Room] = asked{t.Number, now}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = append(f.at, now)
	f.most = max(f.most, len(f.asked))
}

func (f *flight) hears(t transport.Ticket) {
	if f.asked[t.Room].ticket == t.Number {
		delete(f.asked, t.Room)
	}
}

func (f *flight) leaves(room messages.RoomID) { delete(f.asked, room) }

func (p *pace) wrong(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrongs = append(p.wrongs, fmt.Sprintf(format, args...))
}

// verdict holds the questions against the limits: at most the window at once,
// and in every stretch of time the window and the rate.
func (p *pace) verdict() []string {
	if p.most > p.limits.JoinWindow {
		p.wrong("%d questions had no answer at once, the window is %d", p.most, p.limits.JoinWindow)
	}
	if over := excess(p.at, int(p.limits.JoinRate), p.limits.JoinWindow); over > 0 {
		p.wrong("a stretch of time has %d questions more than %d and %v per second", over, p.limits.JoinWindow, p.limits.JoinRate)
	}
	return p.wrongs
}
