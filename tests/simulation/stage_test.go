package simulation

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// stage is one channel, one server, and what both do, written down. Times are
// virtual and exact: the strategy is a second without jitter, and bytes are under way for
// some time, so that everything has its own moment.
type stage struct {
	*wstest.Transcript
	t       *testing.T
	began   time.Time
	network *wstest.Network
	server  *wstest.Server
	ch      *supervisor.Channel
	vague   atomic.Bool // what comes now depends on a draw: its time is not shown
	polite  atomic.Bool // the peer ends what it says before its first word is answered
}

// travel is how long bytes are under way.
const travel = 10 * time.Millisecond

// play runs a channel against a script and returns the transcript. The steps
// begin after the first second, when a connection is up or refused; without
// them two minutes pass.
func play(t *testing.T, e ending) *wstest.Transcript {
	s := &stage{Transcript: &wstest.Transcript{}, t: t, began: time.Now(), network: wstest.NewNetwork()}
	s.network.SetLatency(travel)
	s.server = s.network.NewServer("server", wstest.WithHandler(e.script), wstest.WithTranscript(s.Transcript))
	fleet, err := supervisor.New(supervisor.WithDialer(&transport.WebSocket{NetDial: s.network.Dial}), supervisor.WithSeed(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := fleet.Listen("transcript", s.note); err != nil {
		t.Fatal(err)
	}
	spec := supervisor.Spec{
		ID:       "c",
		Address:  transport.Static(s.server.URL),
		Handler:  supervisor.Discard,
		Strategy: supervisor.Fixed{Interval: time.Second},
	}
	if e.change != nil {
		e.change(&spec)
	}
	if s.ch, err = fleet.Open(context.Background(), spec); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	synctest.Wait()
	if e.steps == nil {
		time.Sleep(2 * time.Minute)
	} else {
		e.steps(s)
	}
	synctest.Wait()
	fleet.Unlisten("transcript") // the end of the test is none of the story
	story := &wstest.Transcript{}
	for _, line := range s.Lines() {
		story.Add("%s", line)
	}
	s.server.Down()
	s.server.Drop() // scripts that wait for more end without a report
	if err := fleet.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if err := s.server.Close(); err != nil {
		t.Error(err)
	}
	time.Sleep(2 * time.Second)
	return story
}

// note writes a change down, without the steps of an attempt: who is interested
// in those reads the dials.
func (s *stage) note(event messages.Event) {
	e, ok := event.(messages.StatusChanged)
	if !ok {
		return
	}
	switch e.Cur {
	case messages.Queued, messages.Preparing, messages.Authenticating:
		return
	default:
	}
	if s.polite.Load() {
		time.Sleep(time.Nanosecond)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "status %s", e.Cur)
	if e.Reason.Code != messages.ReasonOK {
		reason := e.Reason
		reason.Detail = "" // words for people may change
		fmt.Fprintf(&b, " reason=%s", reason)
	}
	switch floor := e.Reason.RetryAfter; {
	case floor > 0 && e.RetryIn >= floor && e.RetryIn <= floor+floor/5:
		fmt.Fprintf(&b, " retry=%s+20%%", floor)
		s.vague.Store(true)
	case e.RetryIn > 0:
		fmt.Fprintf(&b, " retry=%s", e.RetryIn)
	}
	if e.Attempt > 0 {
		fmt.Fprintf(&b, " attempt=%d", e.Attempt)
	}
	if e.Action != messages.ActionNone && e.Action != messages.ActionWait {
		fmt.Fprintf(&b, " action=%s", e.Action)
	}
	if !s.vague.Load() || e.Reason.RetryAfter > 0 {
		fmt.Fprintf(&b, " at=%s", e.At.Sub(s.began))
	}
	s.Add("%s", b.String())
}

// pass lets time go by and says so.
func (s *stage) pass(d time.Duration) {
	s.Sleep(d)
	synctest.Wait()
}

// do gives a command and writes its answer down.
func (s *stage) do(what string, err error) {
	if reason, ok := messages.ReasonOf(err); ok {
		s.Add("%s: %s", what, reason.Code.String())
	} else {
		s.Add("%s: taken", what)
	}
	synctest.Wait()
}
