package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// world is a fleet, its server, the network between them, and the books. What
// happens in it is drawn from one seed, by one goroutine, and only while
// nothing else runs; what the server does to a handshake is drawn from the
// seed, the channel and the attempt. So a seed makes the same story again, up to
// the order of what happens at the same instant.
type world struct {
	t       *testing.T
	seed    uint64
	random  *rand.Rand
	began   time.Time
	network *wstest.Network
	server  *wstest.Server
	dials   *dials
	fleet   *supervisor.Fleet
	muster  *muster
	early   *chain // sees everything from the start
	ledgers []*ledger
	handles []*supervisor.Channel
	calm    atomic.Bool // nothing bad happens any more

	mu    sync.Mutex
	cuts  []span   // when there was no network
	lags  []span   // when it was slow
	story []string // of the whole world
	count map[string]int
}

// span is a stretch of time; its end is zero while it lasts.
type span struct{ from, to time.Time }

// lag is how long bytes are under way while the network is slow; else they
// arrive at once.
const lag = 150 * time.Millisecond

// newWorld is a world of plain channels.
func newWorld(t *testing.T, seed uint64, channels int) *world {
	w := found(t, seed, channels)
	w.server.Handle(w.serve)
	w.populate(w.spec, func(messages.Event) {})
	return w
}

// found makes a world that nobody lives in.
func found(t *testing.T, seed uint64, channels int) *world {
	w := &world{
		t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 0)), began: time.Now(),
		network: wstest.NewNetwork(),
		muster:  newMuster(channels), early: newChain("the observer from the start"), count: map[string]int{},
	}
	w.server = w.network.NewServer("server")
	w.dials = recording(&transport.WebSocket{NetDial: w.network.Dial})
	var err error
	w.fleet, err = supervisor.New(supervisor.WithDialer(w.dials), supervisor.WithSeed(seed), supervisor.WithObserverQueue(1<<20))
	if err != nil {
		t.Fatal(err)
	}
	for i := range channels {
		w.ledgers = append(w.ledgers, newLedger(messages.ChannelID(fmt.Sprint("c", i))))
	}
	return w
}

// populate opens the channels; note sees every event after the books.
func (w *world) populate(spec func(int, *ledger) supervisor.Spec, note func(messages.Event)) {
	byID := map[messages.ChannelID]*ledger{}
	for _, l := range w.ledgers {
		byID[l.id] = l
	}
	if err := w.fleet.Listen("books", func(e messages.Event) {
		w.muster.note(e)
		w.early.note(e)
		if l := byID[e.Subject()]; l != nil {
			l.note(e)
		}
		note(e)
	}); err != nil {
		w.t.Fatal(err)
	}
	for i, l := range w.ledgers {
		ch, err := w.fleet.Open(context.Background(), spec(i, l))
		if err != nil {
			w.t.Fatal(err)
		}
		w.handles = append(w.handles, ch)
	}
}

// spec gives the channels different policies and small buffers, so that
// everything overflows now and then.
func (w *world) spec(i int, l *ledger) supervisor.Spec {
	return supervisor.Spec{
		ID:       l.id,
		Endpoint: "server:80",
		Address: transport.AddressFunc(func(_ context.Context, r transport.AddressRequest) (transport.Target, error) {
			return transport.Target{URL: fmt.Sprintf("%s/%d?epoch=%d", w.server.URL, i, r.Epoch)}, nil
		}),
		Handler: func(m messages.Received) { w.handle(l, string(m.Data)) },
		Outbox: supervisor.OutboxLimits{
			Messages: 32,
			Overflow: []actors.Overflow{supervisor.Reject, supervisor.DropOldest, supervisor.DropNewest}[i%3],
		},
		Inbox:     supervisor.InboxLimits{Messages: 8},
		Keepalive: supervisor.Keepalive{Interval: []time.Duration{25 * time.Second, 50 * time.Second}[i%2]},
	}
}

// handle is the channels' handler: a number, and what to do about it.
func (w *world) handle(l *ledger, text string) {
	number, order, _ := strings.Cut(text, " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		w.t.Errorf("seed %d, %s: the handler got %q", w.seed, l.id, text)
		return
	}
	l.handles(n)
	switch order {
	case "slow":
		time.Sleep(3 * time.Second)
	case "panic":
		panic("the handler was told to panic")
	}
}

// serve is the server: it has its moods with handshakes, and reads.
func (w *world) serve(c *wstest.Conn) {
	i, v := w.welcome(c)
	if v == nil {
		return
	}
	l := w.ledgers[i]
	for m := range c.Messages() {
		number, err := strconv.Atoi(strings.TrimRight(string(m.Data), " "))
		if err != nil {
			w.t.Errorf("seed %d, %s: the server got %q", w.seed, l.id, m.Data)
		}
		l.arrives(v, number)
	}
	l.ends(v)
}

// welcome takes a connection as the server's mood is. It returns whose it is,
// and its life if it has one.
func (w *world) welcome(c *wstest.Conn) (int, *life) {
	calm := w.calm.Load()
	mood := rand.New(rand.NewPCG(w.seed, uint64(c.Number())))
	if !calm && mood.IntN(200) == 0 {
		w.happened("server stalls before the request")
		wstest.Stall(wstest.Accepted)(c)
		return 0, nil
	}
	request := c.ReadRequest()
	i, _ := strconv.Atoi(strings.TrimPrefix(request.URL.Path, "/"))
	epoch, _ := strconv.Atoi(request.URL.Query().Get("epoch"))
	l := w.ledgers[i]
	mood = rand.New(rand.NewPCG(w.seed^uint64(i)<<32, uint64(epoch)))
	if roll := mood.IntN(1000); !calm && roll < 100 {
		for _, m := range moods {
			if roll -= m.weight; roll < 0 {
				w.happened("server: " + m.name)
				m.do(c)
				return i, nil
			}
		}
		w.happened("server stalls after the upgrade")
		c.Upgrade()
		v := l.begins(messages.Epoch(epoch), c)
		l.wounded(v, time.Now(), "half-open from the start")
		c.HalfOpen()
		c.Hold()
		l.ends(v)
		return i, nil
	}
	c.Upgrade()
	return i, l.begins(messages.Epoch(epoch), c)
}

// moods are what a server does to a tenth of the handshakes, in thousandths.
var moods = []struct {
	name   string
	weight int
	do     wstest.Handler
}{
	{"503, Retry-After 3 s", 30, wstest.Refuse(503, "Retry-After: 3")},
	{"429, Retry-After 5 s", 10, wstest.Refuse(429, "Retry-After: 5")},
	{"502", 10, wstest.Refuse(502)},
	{"stalls after the request", 10, wstest.Stall(wstest.Requested)},
	{"stalls in the response", 10, wstest.Stall(wstest.Responding)},
	{"hangs up on the request", 10, (*wstest.Conn).Drop},
	{"resets on the request", 10, (*wstest.Conn).Reset},
}

func (w *world) happened(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count[what]++
}

// proclaim is for what happens to everybody.
func (w *world) proclaim(format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	w.happened(what)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.story = append(w.story, fmt.Sprintf("    %-12s %s", w.clock(time.Now()), what))
}

// clock is a time as the traces show it.
func (w *world) clock(at time.Time) string { return at.Sub(w.began).Round(time.Millisecond).String() }

func (w *world) cutOff() {
	w.begin(&w.cuts)
	w.network.Cut()
	w.proclaim("the network is cut")
}

func (w *world) mend() {
	w.end(&w.cuts)
	w.network.Mend()
	w.proclaim("the network is mended")
}

func (w *world) slow() {
	w.begin(&w.lags)
	w.network.SetLatency(lag)
	w.proclaim("the network is slow")
}

func (w *world) fast() {
	w.network.SetLatency(0)
	w.end(&w.lags)
	w.proclaim("the network is fast")
}

func (w *world) begin(spans *[]span) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*spans = append(*spans, span{from: time.Now()})
}

func (w *world) end(spans *[]span) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n := len(*spans); n > 0 && (*spans)[n-1].to.IsZero() {
		(*spans)[n-1].to = time.Now()
	}
}

// cutWithin finds a cut that overlaps a stretch of time.
func (w *world) cutWithin(from, to time.Time) (time.Time, bool) {
	return w.within(w.cuts, from, to)
}

func (w *world) within(spans []span, from, to time.Time) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range spans {
		if !s.from.After(to) && (s.to.IsZero() || !s.to.Before(from)) {
			return s.from, true
		}
	}
	return time.Time{}, false
}

// underWay is the longest that bytes which were written then travelled. Those
// that were written just after a slow time wait behind the last ones of it.
func (w *world) underWay(written time.Time) time.Duration {
	if _, slow := w.within(w.lags, written.Add(-lag), written); slow {
		return lag
	}
	return 0
}

// hurt books that bytes under way on a connection are lost from now on, or,
// while the network is cut, from then on.
func (w *world) hurt(l *ledger, v *life, how string) {
	now := time.Now()
	if from, cut := w.cutWithin(now, now); cut {
		now = from
	}
	l.wounded(v, now, how)
}

func (w *world) hurtAll(how string) {
	for _, l := range w.ledgers {
		for _, v := range l.living() {
			w.hurt(l, v, how)
		}
	}
}

// close ends the world and says what the books say.
func (w *world) close(late *chain) tallies {
	w.t.Helper()
	if err := w.fleet.Close(context.Background()); err != nil {
		w.t.Error(err)
	}
	if err := w.server.Close(); err != nil {
		w.t.Error(err)
	}
	time.Sleep(2 * time.Second)
	synctest.Wait()
	if n := w.network.Open(); n != 0 {
		w.t.Errorf("seed %d: %d connections are still open", w.seed, n)
	}
	if n := w.network.MaxOpen(); n != 1 {
		w.t.Errorf("seed %d: a channel had %d connections at once", w.seed, n)
	}
	w.dials.check(w.t)
	for _, c := range []*chain{w.early, late} {
		if wrong := c.verdict(); len(wrong) > 0 {
			w.t.Errorf("seed %d: %s", w.seed, strings.Join(wrong, "\n    "))
		}
	}
	sum := tallies{results: map[messages.Result]int{}, lost: map[string]int{}}
	broken := 0
	for _, l := range w.ledgers {
		wrongs := l.settle(w, &sum)
		if len(wrongs) == 0 {
			continue
		}
		if broken++; broken <= 3 {
			w.t.Errorf("seed %d, %s:\n  %s\n  its story ends so:\n%s  and the world's:\n%s", w.seed, l.id,
				strings.Join(wrongs[:min(len(wrongs), 10)], "\n  "), l.trace(w), strings.Join(w.story[max(0, len(w.story)-40):], "\n"))
		}
	}
	if broken > 3 {
		w.t.Errorf("seed %d: the books of %d channels are wrong", w.seed, broken)
	}
	return sum
}
