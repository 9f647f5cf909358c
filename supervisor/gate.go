package supervisor

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// gate decides who may dial now: for each endpoint a queue in the order of
// asking, a token bucket, a bound on dials at once, and a breaker. It has no
// goroutine; an endpoint has one timer, and is forgotten when nothing has
// happened there for a while.
//
// While this machine lacks local ports for an endpoint, the endpoint's dials are
// paused; while the process lacks descriptors, all are.
//
// Its lock is held for a few instructions. Admissions run outside of it, from a
// timer or from whoever gave a permit back, never from Ask.
//
// Who waits is never sent away: a channel that queues is Queued for all to see,
// and to refuse it would only make it ask again. A permit is for one dial, not
// for a connection, so an endpoint can have any number of connections.
type gate struct {
	limits   Limits
	breaking BreakerLimits
	changed  func(messages.Event)
	random   func() float64 // for breakers and pauses; nil: the global source

	mu        sync.Mutex
	endpoints map[string]*endpoint
	asked     uint64
	closed    bool
	pause     pause       // of all dials
	paused    []*endpoint // that wait for it, in the order of coming
	alarm     *time.Timer // for them; nil: none was ever needed
	notices   []messages.Event
	notifying bool
}

var _ actors.Gate = (*gate)(nil)

// newGate makes a gate. changed is told when a breaker opens or closes, and when a
// pause begins or ends, outside of all locks, in order, one at a time.
func newGate(limits Limits, breaking BreakerLimits, changed func(messages.Event)) *gate {
	return &gate{
		limits: limits.filled(), breaking: breaking.filled(), changed: changed,
		endpoints: map[string]*endpoint{},
	}
}

// Ask implements actors.Gate.
func (g *gate) Ask(name string, earliest time.Time, admit func(actors.Permit)) (cancel func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return func() {}
	}
	now := time.Now()
	e := g.endpoints[name]
	if e == nil {
		e = g.discover(name, now)
	}
	g.asked++
	w := &wish{endpoint: e, admit: admit, earliest: earliest, number: g.asked}
	e.join(w, now)
	return func() { g.cancel(w) }
}

// Waiting is how many are in an endpoint's queue, those not counted who asked
// for a later time.
func (g *gate) Waiting(name string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.endpoints[name]; e != nil {
		return e.queue.Len()
	}
	return 0
}

func (g *gate) discover(name string, now time.Time) *endpoint {
	e := &endpoint{
		name:    name,
		limits:  g.limits,
		bucket:  rate.NewLimiter(rate.Limit(g.limits.PerSecond), g.limits.Burst),
		breaker: breaker{limits: g.breaking, born: now, random: g.random},
		pause:   pause{random: g.random},
		share:   1,
		queue:   list.New(),
	}
	e.timer = time.AfterFunc(time.Hour, func() { g.ring(e) })
	e.timer.Stop()
	g.endpoints[name] = e
	return e
}

// cancel ends a wish. One that was admitted already is none of the gate's
// business: whoever got the permit gives it back.
func (g *gate) cancel(w *wish) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.endpoint.leave(w)
}

// ring is what the timer of an endpoint calls.
func (g *gate) ring(e *endpoint) {
	g.mu.Lock()
	g.turn(e)
}

// turn admits whoever may dial now, sets the timer for whoever may next, and
// unlocks the gate.
//
// A timer can ring late, for an endpoint that was forgotten when it had already
// fired. Nobody is there then, and the gate knows the name as somebody else's
// or nobody's; so nothing happens.
func (g *gate) turn(e *endpoint) {
	if g.endpoints[e.name] == e {
		now := time.Now()
		e.ripen(now)
		wait := Never
		for e.queue.Len() > 0 {
			if g.holds(e, now) {
				break
			}
			if wait = e.claim(now); wait > 0 {
				break
			}
			wait = Never
			w := e.queue.Front().Value.(*wish)
			e.admitted = append(e.admitted, admission{w.admit, &permit{
				gate: g, endpoint: e, probe: e.breaker.launch(now), scout: e.pause.launch(), vanguard: g.pause.launch(),
			}})
			e.leave(w)
			e.flying++
		}
		if e.deserted() {
			wait = g.forget(e, now)
		}
		e.sleep(wait, now)
	}
	g.relay(time.Now())
	g.notify()
	g.deliver(e)
	g.mu.Unlock()
}

// deliver hands permits over, outside of the lock and in order: two turns at
// the same moment must not overtake each other. Whoever finds somebody at it
// leaves its permits to them. So does an admission that gives its permit back
// before it returns, which makes the next turn: a long queue of those who have
// gone away costs no stack.
func (g *gate) deliver(e *endpoint) {
	if e.delivering {
		return
	}
	e.delivering = true
	for len(e.admitted) > 0 {
		batch := e.admitted
		e.admitted = nil
		g.mu.Unlock()
		for _, a := range batch {
			a.admit(a.permit)
		}
		g.mu.Lock()
	}
	e.delivering = false
}

// forget drops a deserted endpoint that has nothing to remember, or returns how
// long it still has. A breaker that is dropped while it is open is told closed, and
// a pause over: observers who keep count would believe in it for ever.
func (g *gate) forget(e *endpoint, now time.Time) time.Duration {
	if fades := e.fades(now); fades > 0 {
		return fades
	}
	if e.breaker.open {
		g.tell(e, false, now)
	}
	if e.pause.on() {
		g.tellPause(e.name, false, e.pause.reason, now)
	}
	delete(g.endpoints, e.name)
	return Never
}

// Close drops everybody who waits; nobody is admitted and nothing is told any
// more. Permits that are out may still be given back.
func (g *gate) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed, g.notices = true, nil
	for _, e := range g.endpoints {
		e.timer.Stop()
		e.admitted = nil
	}
	if g.alarm != nil {
		g.alarm.Stop()
	}
	g.paused = nil
	clear(g.endpoints)
}
