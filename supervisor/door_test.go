package supervisor

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

var (
	reached   = messages.Reason{}
	unreached = messages.Reason{Code: messages.ReasonRefused}
	dropped   = messages.Reason{Code: messages.ReasonUserDrop}
)

const host = "chat.example:443"

// door is a gate with a book of what it did.
type door struct {
	*gate
	opened time.Time

	mu        sync.Mutex
	admitted  []string
	permits   map[string]actors.Permit
	at        []time.Duration // since the start, of each admission
	flying    int
	most      int // at once
	endpoints []messages.EndpointChanged
	pauses    []messages.GateChanged
}

func newDoor(t *testing.T, limits Limits) *door {
	d := &door{opened: time.Now(), permits: map[string]actors.Permit{}}
	d.gate = newGate(limits, BreakerLimits{}, func(e messages.Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		switch e := e.(type) {
		case messages.EndpointChanged:
			d.endpoints = append(d.endpoints, e)
		case messages.GateChanged:
			d.pauses = append(d.pauses, e)
		}
	})
	d.random, d.pause.random = always(0.5), always(0.5)
	t.Cleanup(d.Close)
	return d
}

// want asks for somebody whose permit is kept until it is returned.
func (d *door) want(name string, in time.Duration) (cancel func()) {
	return d.Ask(host, time.Now().Add(in), func(p actors.Permit) {
		d.enter(name)
		d.permits[name] = p
		d.mu.Unlock()
	})
}

// dial asks for somebody whose dial takes a while.
func (d *door) dial(name string, takes time.Duration, ends func() messages.Reason) {
	d.Ask(host, time.Time{}, func(p actors.Permit) {
		d.enter(name)
		d.mu.Unlock()
		time.AfterFunc(takes, func() {
			d.mu.Lock()
			d.flying--
			d.mu.Unlock()
			p.Done(ends())
		})
	})
}

// enter locks the book.
func (d *door) enter(name string) {
	d.mu.Lock()
	d.admitted = append(d.admitted, name)
	d.at = append(d.at, time.Since(d.opened))
	d.flying++
	d.most = max(d.most, d.flying)
}

// giveBack returns a permit.
func (d *door) giveBack(name string, reason messages.Reason) {
	d.mu.Lock()
	p := d.permits[name]
	d.flying--
	d.mu.Unlock()
	p.Done(reason)
	synctest.Wait()
}

// told is what the gate said about endpoints.
func (d *door) told() (lines []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.endpoints {
		word := "up"
		if e.Open {
			word = "down"
		}
		lines = append(lines, fmt.Sprintf("%s %s, %d wait", e.Endpoint, word, e.Waiting))
	}
	return lines
}

func (d *door) expect(t *testing.T, names ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.admitted, names) {
		t.Fatalf("after %s: admitted %v, want %v", time.Since(d.opened), d.admitted, names)
	}
}

// elapse lets time pass, and what is due happen.
func elapse(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// known is how many endpoints the gate remembers.
func (g *gate) known() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.endpoints)
}

// breakDown makes an endpoint fail until its breaker opens. No token is left.
func (d *door) breakDown(t *testing.T) {
	t.Helper()
	for i := range 50 {
		d.dial(fmt.Sprint("victim ", i), 0, func() messages.Reason { return unreached })
	}
	synctest.Wait()
	if got := d.told(); !slices.Equal(got, []string{host + " down, 0 wait"}) {
		t.Fatalf("told %q", got)
	}
	d.mu.Lock()
	d.admitted, d.at, d.opened = nil, nil, time.Now()
	d.mu.Unlock()
}
