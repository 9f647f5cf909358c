package actors

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
)

// melee is a channel that everybody uses at the same moment: those who send, the peer,
// a handler that sends as well, and those who end connections. In a storm, one thing
// happens after the other.
type melee struct {
	*stage
	seed uint64
	crew *Crew

	mu       sync.Mutex
	accepted int
	heard    map[int]int // the last number of each who says something
	bad      []string
}

func newMelee(t reporter, seed uint64) *melee {
	m := &melee{seed: seed, crew: NewCrew(), heard: map[int]int{}}
	random := m.random(0)
	overflow := Overflow(random.IntN(3))
	acks, limit := random.IntN(2) == 0, 4+random.IntN(60)
	m.stage = newStage(t, func(s *Settings) {
		s.Protocol = script{login: true, acks: acks, borrows: true}
		s.Machine.Strategy = lifecycle.StrategyFunc(func(lifecycle.Failure) lifecycle.Verdict { return lifecycle.Verdict{Delay: time.Millisecond} })
		s.Timeouts.MinInterval, s.Flapping.End = time.Millisecond, 1<<20
		s.Borrow = random.IntN(2) == 0
		s.Inbox.Messages = limit
		s.Outbox.Messages, s.Outbox.Overflow, s.Outbox.AckTimeout = limit, overflow, time.Second
		s.Crew = m.crew
		s.Handler = m.hear
	})
	m.peer.answers, m.peer.calm = obliging, random.IntN(2) == 0
	return m
}

func (m *melee) random(who int) *rand.Rand { return rand.New(rand.NewPCG(m.seed, uint64(who))) }

func (m *melee) breach(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bad = append(m.bad, fmt.Sprintf(format, args...))
}

// hear is the handler: what one says comes in its order, and as it was said.
func (m *melee) hear(r messages.Received) {
	var who, number int
	if _, err := fmt.Sscanf(string(r.Data), "say %d %d", &who, &number); err != nil {
		m.breach("%q was heard", r.Data)
		return
	}
	m.mu.Lock()
	last := m.heard[who]
	m.heard[who] = number
	m.mu.Unlock()
	if number <= last {
		m.breach("%d said %d after %d", who, number, last)
	}
	switch number % 7 {
	case 0:
		m.try("echo")
	case 1:
		runtime.Gosched()
	case 2:
		time.Sleep(time.Millisecond)
	}
	if number%97 == 0 {
		runtime.Goexit()
	}
	if again := fmt.Sprintf("say %d %d", who, number); string(r.Data) != again {
		m.breach("%q became %q", again, r.Data)
	}
}

// try sends a message, with a time to live or without.
func (m *melee) try(text string) {
	message := messages.Text(text)
	if len(text)%2 == 0 {
		message = message.Expiring(20 * time.Millisecond)
	}
	if _, err := m.record.Send(message); err == nil {
		m.mu.Lock()
		m.accepted++
		m.mu.Unlock()
	}
}

// fight has everybody do what they do, many times.
func (m *melee) fight(times int) {
	var all sync.WaitGroup
	each := func(who, pause int, do func(n int, random *rand.Rand)) {
		all.Go(func() {
			random := m.random(who)
			for n := range times {
				do(n+1, random)
				if random.IntN(pause) == 0 {
					time.Sleep(time.Duration(random.IntN(3)) * time.Millisecond)
				}
			}
		})
	}
	for who := range 3 {
		each(1+who, 4, func(n int, _ *rand.Rand) { m.try(fmt.Sprint(n)) })
		each(4+who, 4, func(n int, _ *rand.Rand) { // one says one thing after the other, so it is in order
			if s := m.peer.last(); s != nil {
				s.send(fmt.Sprintf("say %d %d", who, n))
			}
		})
	}
	each(7, 1, func(n int, random *rand.Rand) {
		s := m.peer.last()
		if s == nil || n%8 > 0 {
			return
		}
		switch random.IntN(8) {
		case 0:
			s.fail(lost())
		case 1:
			m.tell(messages.Redial{})
		case 2:
			m.tell(messages.Pause{})
			time.Sleep(5 * time.Millisecond)
			m.tell(messages.Resume{})
		default:
			s.clog(true)
			time.Sleep(time.Duration(random.IntN(3)) * time.Millisecond)
			s.clog(false)
		}
	})
	all.Wait()
}

// rest is after the fight: nothing waits any more, and what comes is handled at once.
func (m *melee) rest() {
	m.after(time.Minute)
	if s := m.record.Snapshot(); s.Status != messages.Ready || s.Waiting > 0 {
		m.breach("afterwards the channel is %s, and %d messages wait", s.Status, s.Waiting)
	}
	m.peer.last().clog(true)
	m.try("last")
	synctest.Wait()
	m.peer.last().clog(false)
	m.peer.last().send("say 9 1")
	synctest.Wait()
	m.mu.Lock()
	heard := m.heard[9]
	m.mu.Unlock()
	if s := m.record.Snapshot(); s.Waiting > 0 || heard != 1 {
		m.breach("in the end %d messages wait, and %d was heard", s.Waiting, heard)
	}
}

func TestInAMeleeEveryMessageHasOneOutcomeAndItsPlace(t *testing.T) {
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			m := newMelee(t, seed)
			m.connect()
			m.fight(300)
			m.rest()
			m.ask(messages.Drain{})
			m.after(time.Minute)
			if m.status() != messages.Closed {
				m.breach("after a drain the channel is %s", m.status())
			}
			m.end()
			m.crew.Close()
			for _, socket := range m.peer.sockets {
				last := 0
				for _, got := range socket.received() {
					id := 0
					if n, _ := fmt.Sscanf(got, "MSG %d", &id); n == 1 && id <= last {
						m.breach("the peer got %d after %d", id, last)
					}
					last = max(last, id)
				}
			}
			outcomes := map[messages.MessageID]int{}
			for _, o := range m.outcomes {
				outcomes[o.ID]++
			}
			for id, n := range outcomes {
				if n > 1 {
					m.breach("%d has %d outcomes", id, n)
				}
			}
			if len(outcomes) != m.accepted {
				m.breach("%d messages were accepted, and %d have an outcome", m.accepted, len(outcomes))
			}
			for _, bad := range m.bad {
				t.Errorf("seed %d: %s", seed, bad)
			}
		})
	}
}
