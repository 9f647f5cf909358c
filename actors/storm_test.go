package actors

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// dice decides what happens next: a seed, or rapid.
type dice interface {
	roll(what string, n int) int
}

type seeded struct{ *rand.Rand }

func (s seeded) roll(_ string, n int) int { return s.IntN(n) }

type drawn struct{ *rapid.T }

func (d drawn) roll(what string, n int) int { return rapid.IntRange(0, n-1).Draw(d.T, what) }

func pick[T any](d dice, what string, of ...T) T { return of[d.roll(what, len(of))] }

// storm is a channel to which everything happens at random.
type storm struct {
	*stage
	*witness
	dice dice
	gate *turnstile
	old  []*connection // connections that are gone

	mood       sync.Mutex
	handler    chan struct{} // the handler waits for it, if there is one
	hung       chan struct{} // the address callback waits for it, heedless of its context
	address    string        // what the callback does
	stuck      chan struct{} // the Syncer waits for it, heedless of its context
	sync       string        // what the Syncer does
	syncing    bool          // it has been called and has not returned
	bug        bool          // the strategy panics, once
	silent     bool          // the peer answers no login
	nacks      bool          // the peer rejects messages
	unanswered bool          // the peer acknowledges nothing
	unsure     bool          // the session ends over a slip, once
	takes      int           // messages whose session wants to know

	slips slips
}

// newStorm lets the dice choose the settings, too.
func newStorm(t reporter, d dice) *storm {
	m := &storm{dice: d, gate: &turnstile{}}
	protocol := pick(d, "protocol",
		transport.Raw(),
		transport.Protocol(script{login: true, sync: true, acks: true, told: m.told, given: m.slips.given}),
		transport.Protocol(script{login: true, acks: true, dedupes: true, beats: true, told: m.told, given: m.slips.given}),
		transport.Protocol(script{login: true, told: m.told, given: m.slips.given}))
	tries := pick(d, "tries", 0, 1, 3)
	overflow := pick(d, "overflow", Reject, DropOldest, DropNewest)
	m.stage = newStage(t, func(s *Settings) {
		s.Protocol = protocol
		s.Gate = m.gate
		s.Address = transport.AddressFunc(m.resolve)
		s.Refreshable = d.roll("refreshable", 2) == 0
		s.Outbox = OutboxLimits{Messages: 8, Bytes: 200, MessageBytes: 100, Overflow: overflow, AckTimeout: pick(d, "ack timeout", 5*time.Second, 40*time.Second), Tries: tries}
		s.Outbox.FailOnSuspend = d.roll("fail on suspend", 2) == 0
		s.Inbox.Messages = 3
		if d.roll("rotation", 4) == 0 {
			s.Timeouts.MaxAge = time.Minute
		}
		handle := s.Handler
		s.Handler = func(r messages.Received) { m.handle(r, handle) }
		s.Machine.Strategy = lifecycle.StrategyFunc(m.verdict)
		s.Machine.Sync = pick(d, "sync policy", lifecycle.SyncRequired, lifecycle.SyncBestEffort)
		if d.roll("syncer", 2) == 0 {
			s.Syncer = m.catchUp
		}
	})
	m.peer.answers, m.peer.calm = m.answer, d.roll("calm", 2) == 0
	m.witness = newWitness(m.stage)
	return m
}

func (m *storm) set(change func()) {
	m.mood.Lock()
	defer m.mood.Unlock()
	change()
}

func (m *storm) resolve(ctx context.Context, request transport.AddressRequest) (transport.Target, error) {
	m.asks(request.Epoch)
	m.mood.Lock()
	address, hung := m.address, m.hung
	m.mood.Unlock()
	switch address {
	case "error":
		return transport.Target{}, errors.New("no address")
	case "forbidden":
		return transport.Target{}, messages.ReasonForbidden
	case "rubbish":
		return transport.Target{URL: "::"}, nil
	case "panic":
		panic("the callback's bug")
	case "slow":
		<-ctx.Done()
		return transport.Target{}, ctx.Err()
	case "hung":
		<-hung
	}
	return transport.Target{URL: "ws://peer/"}, nil
}

// catchUp is the Syncer.
func (m *storm) catchUp(ctx context.Context, login *Sync) error {
	m.mood.Lock()
	what, stuck, twice := m.sync, m.stuck, m.syncing
	m.syncing = true
	m.mood.Unlock()
	defer m.set(func() { m.syncing = false })
	if twice {
		m.witness.mu.Lock()
		m.breach("the Syncer was called before it returned")
		m.witness.mu.Unlock()
	}
	switch what {
	case "error":
		return errors.New("no history")
	case "panic":
		panic("the Syncer's bug")
	case "slow":
		<-ctx.Done()
		return ctx.Err()
	case "hung":
		<-stuck
	}
	for range 5 { // more than the inbox holds
		if err := login.Deliver(messages.KindText, "", []byte("old")); err != nil {
			return err
		}
	}
	return nil
}

func (m *storm) handle(r messages.Received, next func(messages.Received)) {
	m.mood.Lock()
	gate := m.handler
	m.mood.Unlock()
	if gate != nil {
		<-gate
	}
	m.slips.hear(string(r.Data))
	if string(r.Data) == "handler's bug" {
		panic("the handler's bug")
	}
	next(r)
}

func (m *storm) verdict(f lifecycle.Failure) lifecycle.Verdict {
	m.mood.Lock()
	defer m.mood.Unlock()
	if m.bug {
		m.bug = false
		panic("the strategy's bug")
	}
	if f.Suspended {
		return lifecycle.Verdict{Delay: 30 * time.Second}
	}
	return lifecycle.Verdict{Delay: max(time.Second<<min(f.Attempt, 5), f.Reason.RetryAfter)}
}

func (m *storm) answer(s *socket, message string) {
	m.mood.Lock()
	silent, nacks, unanswered := m.silent, m.nacks, m.unanswered
	m.mood.Unlock()
	switch {
	case silent && message == "LOGIN", unanswered && strings.HasPrefix(message, "MSG"):
	case nacks && strings.HasPrefix(message, "MSG"):
		s.send("N" + "ACK " + strings.Fields(message)[1])
	default:
		obliging(s, message)
	}
}

// command sends one and watches for its answer.
func (m *storm) command(c any) {
	m.commanded(c)
	q := inquiry{c, make(chan any, 2)}
	m.inquiries = append(m.inquiries, q)
	m.system.Root.Send(m.pid, &Request{Command: c, Answer: q.answer})
}

// blow runs the storm for some steps, then ends it: everything is mended, the
// channel must come up, work, and leave nothing behind.
func (m *storm) blow(steps int) {
	if m.dice.roll("connect", 8) > 0 {
		m.command(messages.Connect{})
	}
	for range steps {
		m.step()
		m.look()
		if !m.fine() {
			return
		}
	}
	m.heal()
	m.look()
	for _, breach := range m.slips.settle() {
		m.breach("%s", breach)
	}
	if !m.fine() {
		return
	}
	m.end()
	m.settle()
	if m.gate.out != 0 || m.gate.most > 1 {
		m.breach("22: %d permits are out, %d were at once", m.gate.out, m.gate.most)
	}
	m.fine()
}

// told is what sessions do about slips: some end over one.
func (m *storm) told(receipt any, taken bool) error {
	m.slips.told(receipt, taken)
	m.mood.Lock()
	defer m.mood.Unlock()
	if m.unsure {
		m.unsure = false
		return lost()
	}
	return nil
}

// fine reports whether no invariant was broken, and else fails the test with
// everything that happened.
func (m *storm) fine() bool {
	m.witness.mu.Lock()
	breaches := m.breaches
	m.witness.mu.Unlock()
	if len(breaches) == 0 {
		return true
	}
	m.stage.mu.Lock()
	lines := m.script()
	m.stage.mu.Unlock()
	m.t.Errorf("%s\n\nafter\n%s", strings.Join(breaches, "\n"), lines)
	defer func() { // let the bubble end
		m.calm()
		m.system.Root.Stop(m.pid)
		time.Sleep(time.Minute)
	}()
	return false
}

// note writes what is about to happen into the transcript.
func (m *storm) note(format string, args ...any) {
	m.stage.mu.Lock()
	defer m.stage.mu.Unlock()
	m.line("-> "+format, args...)
}

func (m *storm) heal() {
	m.note("all is well again")
	m.calm()
	for _, c := range []any{messages.Resume{}, messages.NetworkUp{}, messages.Connect{Takeover: true}} {
		m.command(c)
		synctest.Wait()
	}
	for range 60 {
		if m.status() == messages.Ready {
			break
		}
		m.after(5 * time.Second)
	}
	if m.status() != messages.Ready {
		m.breach("liveness: the channel is %s, and everything works", m.status())
		return
	}
	for range 12 { // more would not fit, if a message is still in the outbox
		m.sendOne()
	}
}

// TestStormsNeverMakeTwoConnections runs a thousand storms, each from its seed.
func TestStormsNeverMakeTwoConnections(t *testing.T) {
	const storms, halves = 1000, 2
	for half := range halves {
		t.Run(fmt.Sprint(half), func(t *testing.T) {
			t.Parallel()
			for seed := half; seed < storms && !t.Failed(); seed += halves {
				synctest.Test(t, func(t *testing.T) {
					m := newStorm(t, seeded{rand.New(rand.NewPCG(uint64(seed), 0))})
					m.blow(40)
					if t.Failed() {
						t.Logf("the seed was %d", seed)
					}
				})
			}
		})
	}
}

// TestRandomSchedulesKeepTheInvariants lets rapid choose what happens, so that a
// schedule that breaks an invariant is made short before it is shown.
func TestRandomSchedulesKeepTheInvariants(t *testing.T) {
	for range 5 { // rapid checks a hundred schedules at a time
		rapid.Check(t, func(t *rapid.T) {
			rapid.SyncTest(t, func(t *rapid.T) {
				newStorm(t, drawn{t}).blow(rapid.IntRange(10, 100).Draw(t, "steps"))
			})
		})
	}
}
