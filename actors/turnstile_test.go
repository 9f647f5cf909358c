package actors

import (
	"sync"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// turnstile is a gate that lets one through at a time, first come first served,
// not before a delay, and counts its permits.
type turnstile struct {
	mu       sync.Mutex
	delay    time.Duration
	shut     bool   // nobody gets through until it is opened
	ask      func() // called at each Ask: it may panic
	queue    []*ticket
	out      int // permits that were not given back
	most     int
	twice    int // permits that were given back again
	outcomes []messages.Code
	names    []string // the endpoints that were asked for
}

type ticket struct {
	gate  *turnstile
	admit func(Permit)
	due   bool
	gone  bool
	given bool
}

func (g *turnstile) Ask(name string, earliest time.Time, admit func(Permit)) func() {
	g.mu.Lock()
	t := &ticket{gate: g, admit: admit}
	g.queue, g.names = append(g.queue, t), append(g.names, name)
	delay, ask := max(g.delay, time.Until(earliest)), g.ask
	g.mu.Unlock()
	if ask != nil {
		ask()
	}
	timer := time.AfterFunc(delay, func() {
		g.mu.Lock()
		t.due = true
		g.mu.Unlock()
		g.turn()
	})
	return func() {
		timer.Stop()
		g.mu.Lock()
		t.gone = true
		g.mu.Unlock()
		g.turn()
	}
}

// turn lets the first through, if it may.
func (g *turnstile) turn() {
	g.mu.Lock()
	for len(g.queue) > 0 && g.queue[0].gone {
		g.queue = g.queue[1:]
	}
	if g.shut || g.out > 0 || len(g.queue) == 0 || !g.queue[0].due {
		g.mu.Unlock()
		return
	}
	t := g.queue[0]
	g.queue = g.queue[1:]
	g.out++
	g.most = max(g.most, g.out)
	g.mu.Unlock()
	t.admit(t)
}

func (g *turnstile) set(change func(*turnstile)) {
	g.mu.Lock()
	change(g)
	g.mu.Unlock()
	g.turn()
}

// Done implements Permit.
func (t *ticket) Done(reason messages.Reason) {
	g := t.gate
	g.mu.Lock()
	if t.given {
		g.twice++
		g.mu.Unlock()
		return
	}
	t.given = true
	g.out--
	g.outcomes = append(g.outcomes, reason.Code)
	g.mu.Unlock()
	g.turn()
}
