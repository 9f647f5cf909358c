package actors

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// theatre is the actor system of every test. It is made outside all bubbles,
// for it takes 7 ms and 3 MiB to make.
var theatre = actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
	return slog.New(slog.NewTextHandler(io.Discard, nil))
}))

// reporter is what a stage needs of a test, be it of testing or of rapid.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Error(args ...any)
	Logf(format string, args ...any)
}

// stage is a channel with everything around it that a test needs: an open gate,
// a peer, an observer that writes a transcript.
type stage struct {
	t       reporter
	system  *actor.ActorSystem
	peer    *peer
	record  *Record
	pid     *actor.PID
	workers Workers
	start   time.Time

	mu       sync.Mutex
	lines    []note
	statuses []messages.StatusChanged
	outcomes []messages.Outcome
	inbound  []string
	pongs    []messages.Pong
	watch    func(messages.Event) // looks at every event as it is published
}

// newStage raises the curtain inside a bubble. change may alter the settings.
func newStage(t reporter, change func(*Settings)) *stage {
	s := &stage{t: t, system: theatre, peer: &peer{}, start: time.Now()}
	settings := Settings{
		Channel: "c",
		Address: transport.Static("ws://peer/"),
		Handler: func(m messages.Received) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.inbound = append(s.inbound, string(m.Data))
			s.line("heard %q", m.Data)
		},
		Endpoint: "peer:80",
		Rules: &Rules{
			Dialer:   s.peer,
			Protocol: transport.Raw(),
			Machine: lifecycle.Machine{Strategy: lifecycle.StrategyFunc(func(f lifecycle.Failure) lifecycle.Verdict {
				return lifecycle.Verdict{Delay: time.Second << min(f.Attempt, 5)}
			})},
			Gate:     openGate{},
			Observer: s,
			Workers:  &s.workers,
			Alarms:   &Alarms{},
			Timeouts: Timeouts{
				Prepare: 10 * time.Second, Dial: 10 * time.Second, Auth: 10 * time.Second, Sync: 30 * time.Second,
				Drain: 30 * time.Second, Close: 5 * time.Second, StableAfter: 10 * time.Second,
				SessionTTL: 120 * time.Second, ProbeAfter: 60 * time.Second, MinInterval: time.Second,
			},
			Keepalive: Keepalive{Interval: 25 * time.Second, Grace: 10 * time.Second, Jitter: 0.1},
			Outbox:    OutboxLimits{Messages: 100, Bytes: 1 << 20, MessageBytes: 1 << 16},
			Inbox:     InboxLimits{Messages: 16, Bytes: 1 << 16},
			Panics:    PanicBudget{Max: 5, Within: time.Minute},
			Flapping:  Flapping{Notice: 5, End: 20, Within: time.Minute},
			Random:    func() float64 { return 0.5 },
		},
	}
	if change != nil {
		change(&settings)
	}
	s.peer.heard = func(text string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.line("peer got %q", text)
	}
	s.record = NewRecord(s.system, settings, true)
	s.pid = s.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return &parent{stage: s} }))
	synctest.Wait()
	return s
}

// parent restarts the channel when it crashes, unless it was told to stop, as the
// supervisor does.
type parent struct {
	stage  *stage
	child  *actor.PID
	ending bool
}

func (p *parent) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		p.child = ctx.Spawn(actor.PropsFromProducer(func() actor.Actor { // ChannelProps, with a view of the actor
			return open{&channel{Record: p.stage.record}}
		}, actor.WithMailbox(newMailbox)))
	case *actor.Stopping:
		p.ending = true
	case actor.SystemMessage, actor.AutoReceiveMessage:
	default:
		ctx.Forward(p.child)
	}
}

func (p *parent) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, _, _ any) {
	if p.ending {
		s.StopChildren(child)
		return
	}
	s.RestartChildren(child)
}

// open is a channel that can be looked into, by a function that runs on the
// channel's own goroutine: a look from elsewhere would be a race.
type open struct{ *channel }

func (o open) Receive(ctx actor.Context) {
	if look, ok := ctx.Message().(func(*channel)); ok {
		look(o.channel)
		return
	}
	o.channel.Receive(ctx)
}

// inspect looks into the channel.
func (s *stage) inspect(look func(*channel)) {
	s.record.tell(look)
	synctest.Wait()
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
		s.line("%s%s", e.Cur, because(e.Reason))
	case messages.Updated:
		s.line("updated%s", because(e.Reason))
	case messages.Outcome:
		s.outcomes = append(s.outcomes, e)
		s.line("#%d %s%s", e.ID, e.Result, because(e.Reason))
	case messages.Pong:
		s.pongs = append(s.pongs, e)
	case messages.TokenWillExpire:
		s.line("will expire in %v", e.Expires.Sub(e.At))
	case messages.Finding:
		s.line("finding%s", because(e.Reason))
	}
	if s.watch != nil {
		s.watch(event)
	}
}

func (*stage) Watched() bool { return true }

// line adds a line to the transcript; the lock is held.
func (s *stage) line(format string, args ...any) {
	at := time.Since(s.start).Round(time.Millisecond)
	s.lines = append(s.lines, note{at, fmt.Sprintf(format, args...)})
}

// note is a line of the transcript.
type note struct {
	at   time.Duration
	text string
}

// who orders the lines of one moment.
func (n note) who() int {
	for i, prefix := range []string{"peer got ", "heard ", "#"} {
		if strings.HasPrefix(n.text, prefix) {
			return i + 1
		}
	}
	return 0
}

// script is the transcript as text; the lock is held.
func (s *stage) script() string {
	var lines []string
	for _, l := range s.lines {
		lines = append(lines, fmt.Sprintf("%v %s", l.at, l.text))
	}
	return strings.Join(lines, "\n")
}

func because(reason messages.Reason) string {
	if reason.Code == messages.ReasonOK {
		return ""
	}
	return " " + reason.Code.String()
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

// tell sends a command that nobody waits for.
func (s *stage) tell(command any) {
	s.system.Root.Send(s.pid, command)
}

// send puts a text into the outbox, and fails the test if it does not get in.
func (s *stage) send(text string) *Receipt {
	s.t.Helper()
	return s.post(messages.Text(text))
}

func (s *stage) post(message messages.Message) *Receipt {
	s.t.Helper()
	receipt, err := s.record.Send(message)
	if err != nil {
		s.t.Fatalf("send: %v", err)
	}
	synctest.Wait()
	return receipt
}

// connect brings the channel up and forgets how.
func (s *stage) connect() {
	s.t.Helper()
	s.ask(messages.Connect{})
	if s.status() != messages.Ready {
		s.t.Fatalf("the channel is %s", s.status())
	}
	s.skip()
}

// skip forgets the transcript so far.
func (s *stage) skip() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = nil
}

func (s *stage) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (s *stage) status() messages.Status { return s.record.Snapshot().Status }

// expect compares the transcript since the last call, whole. Actors run side by
// side: of what happens at the same moment, first comes what the channel says
// about itself, then what the peer got, what the handler heard, and outcomes.
func (s *stage) expect(want string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for l := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
		l, _, _ = strings.Cut(l, " //")
		lines = append(lines, strings.TrimSpace(l))
	}
	slices.SortStableFunc(s.lines, func(a, b note) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.who(), b.who()))
	})
	if got := s.script(); got != strings.Join(lines, "\n") {
		s.t.Errorf("the channel went\n%s\nand should have gone\n%s", got, strings.Join(lines, "\n"))
	}
	s.lines = nil
}

// end stops everything and checks that nothing is left.
func (s *stage) end() {
	s.t.Helper()
	s.system.Root.Stop(s.pid)
	s.after(20 * time.Second)
	select {
	case <-s.record.Ended():
	default:
		s.t.Errorf("the channel has not ended")
	}
	if n := s.workers.Count(); n != 0 {
		s.t.Errorf("%d workers are left", n)
	}
	if s.peer.open != 0 {
		s.t.Errorf("%d connections are still open", s.peer.open)
	}
	if s.peer.maxOpen > 1 {
		s.t.Errorf("%d connections were open at once", s.peer.maxOpen)
	}
	time.Sleep(2 * time.Second)
}
