package actors

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// riot is a melee in which every piece of a user's code panics now and then, or leaves by
// Goexit, and the channel itself crashes.
type riot struct {
	*hotel
	seed uint64

	mu    sync.Mutex
	dice  *rand.Rand
	calm  bool
	heard map[int]int // the last number of each who says something
	bad   []string
}

func newRiot(t reporter, seed uint64) *riot {
	r := &riot{seed: seed, dice: rand.New(rand.NewPCG(seed, 0)), heard: map[int]int{}}
	r.hotel = newHotel(t, []string{"a", "b"}, func(s *Settings) {
		l := s.Protocol.(*lobby)
		l.login, l.borrows, l.sync = true, true, r.one(2)
		l.leaving = func(string) { r.misbehave(150) }
		s.Machine.Strategy, s.Machine.Sync = r.strategy(), lifecycle.SyncBestEffort
		s.RoomStrategy = func(messages.RoomPolicy) lifecycle.Strategy { return r.strategy() }
		s.Timeouts.MinInterval, s.Flapping.End = time.Millisecond, 1<<20
		s.Panics = PanicBudget{Max: 1 << 20, Within: time.Minute}
		s.Borrow, s.Inbox.Messages = r.one(2), 3+r.dice.IntN(40)
		s.Outbox.Messages, s.Outbox.Overflow = 40, Overflow(r.dice.IntN(3))
		s.Handler = r.hear
		if r.one(2) {
			s.Syncer = r.catchUp
		}
		dialer := s.Dialer
		s.Dialer = transport.DialerFunc(func(ctx context.Context, target transport.Target) (transport.Conn, error) {
			r.misbehave(20)
			conn, err := dialer.Dial(ctx, target)
			return brittle{conn.(*socket), func(method string) {
				if method != "Abort" { // else nobody knows whether it is closed
					r.misbehave(100)
				}
			}}, err
		})
		s.Address = transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) {
			r.misbehave(20)
			return transport.Target{URL: fmt.Sprintf("ws://%d/", r.roll(2))}, nil
		})
	})
	r.peer.calm, r.peer.linger = r.one(2), time.Duration(r.dice.IntN(3))*time.Millisecond
	r.peer.answers = func(s *socket, message string) {
		obliging(s, message)
		r.lobby.answer(s, message)
	}
	return r
}

func (r *riot) roll(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dice.IntN(n)
}

// one is true once in so many times, and never when all is calm.
func (r *riot) one(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.dice.IntN(n) == 0 && !r.calm
}

func (r *riot) misbehave(n int) {
	switch {
	case !r.one(n):
	case r.one(2):
		runtime.Goexit()
	default:
		panic("a bug of somebody")
	}
}

// strategy does not leave: the channel could not go on.
func (r *riot) strategy() lifecycle.Strategy {
	return lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict {
		if r.one(20) {
			panic("the strategy's bug")
		}
		return lifecycle.Verdict{Delay: time.Millisecond}
	})
}

func (r *riot) catchUp(_ context.Context, login *Sync) error {
	for range 4 {
		r.misbehave(20)
		if err := login.Deliver(messages.KindText, "", []byte("old")); err != nil {
			return err
		}
	}
	return nil
}

func (r *riot) hear(m messages.Received) {
	var who, number int
	if n, _ := fmt.Sscanf(string(m.Data), "say %d %d", &who, &number); n == 2 {
		r.mu.Lock()
		if last := r.heard[who]; number <= last {
			r.bad = append(r.bad, fmt.Sprintf("%d said %d after %d", who, number, last))
		}
		r.heard[who] = number
		r.mu.Unlock()
	}
	r.misbehave(30)
}

// rage has everybody do what they do, many times. Nobody who is made to leave takes
// others along.
func (r *riot) rage(times int) {
	var all sync.WaitGroup
	each := func(do func(n int)) {
		all.Go(func() {
			for n := range times {
				var alone sync.WaitGroup
				alone.Go(func() { do(n + 1) })
				alone.Wait()
				time.Sleep(time.Duration(r.roll(3)) * time.Millisecond)
			}
		})
	}
	for who := range 2 {
		each(func(n int) {
			message := messages.Text(fmt.Sprint(n))
			message.Room = pickOf(r, messages.RoomID(""), "a")
			_, _ = r.record.Send(message)
		})
		each(func(n int) {
			if s := r.peer.last(); s != nil {
				s.send(fmt.Sprintf("say %d %d", who, n))
			}
		})
	}
	each(func(int) { r.order() })
	all.Wait()
}

func pickOf[T any](r *riot, of ...T) T { return of[r.roll(len(of))] }

// order is one command, of which some crash the channel: nobody can be answered there.
func (r *riot) order() {
	nowhere := make(chan any)
	close(nowhere)
	switch s := r.peer.last(); r.roll(6) {
	case 0:
		r.tell(&Request{Command: pickOf[any](r, messages.GetStatus{}, messages.Ping{}, messages.Join{Room: named("b")}), Answer: nowhere})
	case 1:
		r.tell(pickOf[any](r, messages.Join{Room: named("a")}, messages.Join{Room: named("b")}, messages.Leave{Room: "a"}))
	case 2:
		r.tell(pickOf[any](r, messages.Redial{}, messages.Disconnect{Mode: messages.KeepRetrying}, messages.Renew{Token: messages.NewToken("t")}))
	case 3:
		r.tell(pickOf[any](r, messages.Pause{}, messages.NetworkDown{}))
		time.Sleep(time.Millisecond)
		r.tell(messages.Resume{})
		r.tell(messages.NetworkUp{})
	case 4:
		if s != nil {
			s.fail(lost())
		}
	default:
		if s != nil {
			s.clog(true)
			time.Sleep(time.Millisecond)
			s.clog(false)
			s.send(pickOf(r, "BOOM", "PUB a 99 hello"))
		}
	}
}

// settle is after the riot: the channel comes back, and what a session left over goes with
// the next connection.
func (r *riot) settle() {
	r.mu.Lock()
	r.calm = true
	r.mu.Unlock()
	for _, command := range []any{messages.Resume{}, messages.NetworkUp{}, messages.Connect{Takeover: true}} {
		r.ask(command)
	}
	r.after(5 * time.Minute)
	r.ask(messages.LeaveAll{})
	r.ask(messages.Redial{})
	r.after(time.Minute)
	if s := r.record.Snapshot(); s.Status != messages.Ready || s.Waiting > 0 {
		r.bad = append(r.bad, fmt.Sprintf("afterwards the channel is %s because of %s, and %d messages wait", s.Status, s.Reason, s.Waiting))
	}
}

func TestInARiotNothingIsLostAndNothingIsLeft(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			r := newRiot(t, seed)
			r.ask(messages.Connect{})
			if seed%3 == 0 { // it is stopped in the middle
				time.AfterFunc(time.Duration(seed)*time.Millisecond, func() { r.system.Root.Stop(r.pid) })
			}
			r.rage(100)
			if seed%3 > 0 {
				r.settle()
			}
			r.end()
			outcomes := map[messages.MessageID]int{}
			for _, o := range r.outcomes {
				if outcomes[o.ID]++; outcomes[o.ID] > 1 {
					t.Errorf("seed %d: %d has another outcome", seed, o.ID)
				}
			}
			if accepted := int(r.record.outbox.last); len(outcomes) != accepted {
				t.Errorf("seed %d: of %d messages %d have an outcome", seed, accepted, len(outcomes))
			}
			if n := len(r.record.Alarms.queue); n > 0 {
				t.Errorf("seed %d: %d alarms are left", seed, n)
			}
			for _, bad := range r.bad {
				t.Errorf("seed %d: %s", seed, bad)
			}
		})
	}
}
