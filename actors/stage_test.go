package actors

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// stage is a channel with everything around it that a test needs: an open gate,
// a peer, an observer that writes a transcript.
type stage struct {
	t       *testing.T
	system  *actor.ActorSystem
	peer    *peer
	record  *Record
	pid     *actor.PID
	workers Workers
	start   time.Time

	mu       sync.Mutex
	lines    []string
	statuses []messages.StatusChanged
	outcomes []messages.Outcome
	inbound  []string
}

// newStage raises the curtain inside a bubble. change may alter the settings.
func newStage(t *testing.T, change func(*Settings)) *stage {
	s := &stage{t: t, peer: &peer{}, start: time.Now()}
	s.system = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.NewTextHandler(io.Discard, nil))
	}))
	settings := Settings{
		Channel:  "c",
		Address:  transport.Static("ws://peer/"),
		Dialer:   s.peer,
		Protocol: transport.Raw(),
		Handler: func(m messages.Received) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.inbound = append(s.inbound, string(m.Data))
		},
		Machine: lifecycle.Machine{Strategy: lifecycle.StrategyFunc(func(f lifecycle.Failure) lifecycle.Verdict {
			return lifecycle.Verdict{Delay: time.Second << min(f.Attempt, 5)}
		})},
		Gate:     openGate{},
		Observer: s,
		Workers:  &s.workers,
		Endpoint: "peer:80",
		Timeouts: Timeouts{
			Prepare: 10 * time.Second, Dial: 10 * time.Second, Auth: 10 * time.Second, Sync: 30 * time.Second,
			Drain: 30 * time.Second, Close: 5 * time.Second, StableAfter: 10 * time.Second,
			SessionTTL: 120 * time.Second, ProbeAfter: 60 * time.Second, MinInterval: time.Second,
		},
		Keepalive: Keepalive{Interval: 25 * time.Second, Grace: 10 * time.Second, Jitter: 0.1},
		Outbox:    OutboxLimits{Messages: 100, Bytes: 1 << 20, MessageBytes: 1 << 16},
		Inbox:     InboxLimits{Messages: 16, Bytes: 1 << 16},
		Panics:    PanicBudget{Max: 5, Within: time.Minute},
		Random:    func() float64 { return 0.5 },
	}
	if change != nil {
		change(&settings)
	}
	s.record = NewRecord(s.system, settings, true)
	s.pid = s.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &parent{stage: s} }))
	synctest.Wait()
	return s
}

// parent restarts the channel when it crashes, as the supervisor does.
type parent struct {
	stage *stage
	child *actor.PID
}

func (p *parent) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		p.child = ctx.Spawn(ChannelProps(p.stage.record))
	case actor.SystemMessage, actor.AutoReceiveMessage:
	default:
		ctx.Forward(p.child)
	}
}

func (p *parent) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, _, _ any) {
	s.RestartChildren(child)
}

// openGate admits at once, from another goroutine.
type openGate struct{}

type freePermit struct{}

func (freePermit) Done(messages.Reason) {}

func (openGate) Ask(_ string, earliest time.Time, admit func(Permit)) func() {
	t := time.AfterFunc(max(time.Until(earliest), 0), func() { admit(freePermit{}) })
	return func() { t.Stop() }
}

// Publish implements Observer.
func (s *stage) Publish(event messages.Event, commit func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if commit != nil {
		commit()
	}
	switch e := event.(type) {
	case messages.StatusChanged:
		s.statuses = append(s.statuses, e)
		line := fmt.Sprintf("%v %s", time.Since(s.start).Round(time.Millisecond), e.Cur)
		if e.Reason.Code != 0 {
			line += " " + e.Reason.Code.String()
		}
		s.lines = append(s.lines, line)
	case messages.Outcome:
		s.outcomes = append(s.outcomes, e)
	}
}

// ask sends a command and returns the answer.
func (s *stage) ask(command any) any {
	answer := make(chan any, 1)
	s.system.Root.Send(s.pid, &Request{Command: command, Answer: answer})
	synctest.Wait()
	select {
	case a := <-answer:
		return a
	default:
		return nil
	}
}

func (s *stage) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (s *stage) status() messages.Status { return s.record.Snapshot().Status }

// expect compares the transcript since the last call, whole.
func (s *stage) expect(want string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, l := range strings.Split(strings.TrimSpace(want), "\n") {
		lines = append(lines, strings.TrimSpace(l))
	}
	if got := strings.Join(s.lines, "\n"); got != strings.Join(lines, "\n") {
		s.t.Errorf("the channel went\n%s\nand should have gone\n%s", got, strings.Join(lines, "\n"))
	}
	s.lines = nil
}

// end stops everything and checks that nothing is left.
func (s *stage) end() {
	s.t.Helper()
	s.system.Root.Stop(s.pid)
	s.after(20 * time.Second)
	if err := s.workers.Wait(context.Background()); err != nil {
		s.t.Error(err)
	}
	if s.peer.open != 0 {
		s.t.Errorf("%d connections are still open", s.peer.open)
	}
	if s.peer.maxOpen > 1 {
		s.t.Errorf("%d connections were open at once", s.peer.maxOpen)
	}
	time.Sleep(2 * time.Second)
}
