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
// goroutine; an endpoint has one timer while somebody waits, and is forgotten
// when nothing has happened there for a while.
//
// Its lock is held for a few instructions. Admissions run outside of it, from a
// timer or from whoever gave a permit back, never from Ask.
type gate struct {
	limits   Limits
	breaking BreakerLimits
	changed  func(messages.EndpointChanged)

	mu        sync.Mutex
	endpoints map[string]*endpoint
	closed    bool
	notices   []messages.EndpointChanged
	notifying bool
}

var _ actors.Gate = (*gate)(nil)

// endpoint is one server as the gate sees it.
type endpoint struct {
	name    string
	bucket  *rate.Limiter
	breaker breaker
	share   float64    // of the limits that is open: below 1 in a slow start
	queue   *list.List // of *wish, in the order in which their time came
	flying  int        // permits that are out
	timer   *time.Timer
}

// wish is one wait for a permit.
type wish struct {
	admit   func(actors.Permit)
	element *list.Element // in the queue; nil before earliest and after the end
	early   *time.Timer   // brings it into the queue
	over    bool
}

func newGate(limits Limits, breaking BreakerLimits, changed func(messages.EndpointChanged)) *gate {
	return &gate{
		limits: limits.filled(), breaking: breaking.filled(), changed: changed,
		endpoints: map[string]*endpoint{},
	}
}

// Ask implements actors.Gate.
func (g *gate) Ask(name string, earliest time.Time, admit func(actors.Permit)) (cancel func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w := &wish{admit: admit}
	if g.closed {
		return func() {}
	}
	if wait := time.Until(earliest); wait > 0 {
		w.early = time.AfterFunc(wait, func() { g.enter(name, w) })
	} else {
		g.queueUp(name, w)
	}
	return func() { g.cancel(name, w) }
}

// enter brings a wish into the queue when its time has come.
func (g *gate) enter(name string, w *wish) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !w.over && !g.closed {
		g.queueUp(name, w)
	}
}

func (g *gate) queueUp(name string, w *wish) {
	e := g.endpoints[name]
	if e == nil {
		e = g.discover(name)
	}
	w.element = e.queue.PushBack(w)
	e.timer.Reset(0)
}

func (g *gate) discover(name string) *endpoint {
	e := &endpoint{
		name:    name,
		bucket:  rate.NewLimiter(rate.Limit(g.limits.PerSecond), g.limits.Burst),
		breaker: breaker{limits: g.breaking},
		share:   1,
		queue:   list.New(),
	}
	e.timer = time.AfterFunc(time.Hour, func() { g.turn(e) })
	e.timer.Stop()
	g.endpoints[name] = e
	return e
}

// cancel ends a wish. One that was admitted already is none of the gate's
// business: whoever got the permit gives it back.
func (g *gate) cancel(name string, w *wish) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.over = true
	if w.early != nil {
		w.early.Stop()
	}
	if w.element == nil {
		return
	}
	if e := g.endpoints[name]; e != nil {
		e.queue.Remove(w.element)
	}
	w.element = nil
}

// turn admits whoever may dial now, and sets the timer for whoever may next.
func (g *gate) turn(e *endpoint) {
	g.mu.Lock()
	now := time.Now()
	var admitted []func()
	for !g.closed && e.queue.Len() > 0 && e.flying < g.limits.Concurrent {
		probe, wait := e.breaker.allows(now)
		if wait == 0 && !probe {
			wait = g.token(e, now)
		}
		if wait != 0 {
			if wait > 0 { // below zero: a permit that comes back calls turn
				e.timer.Reset(wait)
			}
			break
		}
		w := e.queue.Remove(e.queue.Front()).(*wish)
		w.element, w.over = nil, true
		e.flying++
		p := &permit{gate: g, endpoint: e, probe: probe}
		admitted = append(admitted, func() { w.admit(p) })
	}
	g.forget(e, now)
	g.mu.Unlock()
	for _, admit := range admitted {
		admit()
	}
}

// token takes a token from the bucket, or returns how long to wait for one.
func (g *gate) token(e *endpoint, now time.Time) time.Duration {
	if share := e.breaker.share(now); share != e.share {
		e.share = share
		e.bucket.SetLimitAt(now, rate.Limit(share*g.limits.PerSecond))
		e.bucket.SetBurstAt(now, max(1, int(share*float64(g.limits.Burst))))
	}
	if e.bucket.AllowN(now, 1) {
		return 0
	}
	missing := 1 - e.bucket.TokensAt(now)
	wait := time.Duration(missing / (e.share * g.limits.PerSecond) * float64(time.Second))
	return max(wait, time.Millisecond)
}

// forget drops an endpoint that has nobody waiting, nobody dialling and nothing
// to remember; until then it looks again when the memory has faded.
func (g *gate) forget(e *endpoint, now time.Time) {
	if e.queue.Len() > 0 || e.flying > 0 || g.endpoints[e.name] != e {
		return
	}
	if fades := e.breaker.fades(now); fades > 0 {
		e.timer.Reset(fades)
		return
	}
	e.timer.Stop()
	delete(g.endpoints, e.name)
}

// Close drops everybody who waits; nobody is admitted any more.
func (g *gate) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, e := range g.endpoints {
		e.timer.Stop()
		for w := e.queue.Front(); w != nil; w = w.Next() {
			w.Value.(*wish).element = nil
		}
		e.queue.Init()
	}
	clear(g.endpoints)
}
