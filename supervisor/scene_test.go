package supervisor

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// scene is a fleet in a bubble, with a server on a network in memory, what both
// said, and what was logged.
type scene struct {
	t       *testing.T
	network *wstest.Network
	server  *wstest.Server
	fleet   *Fleet
	log     *bytes.Buffer
	start   time.Time

	mu     sync.Mutex
	events []messages.Event
}

// inScene runs a play in a bubble and ends it properly: the fleet is closed,
// the server too, and no dead letter's goroutine is left.
func inScene(t *testing.T, play func(*scene), opts ...Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, opts...)
		play(s)
		if err := s.fleet.Close(context.Background()); err != nil {
			t.Error(err)
		}
		s.exit()
	})
}

func newScene(t *testing.T, opts ...Option) *scene {
	t.Helper()
	s := &scene{t: t, network: wstest.NewNetwork(), log: &bytes.Buffer{}, start: time.Now()}
	s.server = s.network.NewServer("server")
	logger := logrus.New()
	logger.SetOutput(s.log)
	logger.SetFormatter(&logrus.TextFormatter{DisableColors: true, DisableTimestamp: true})
	logger.SetLevel(logrus.DebugLevel)
	fleet, err := New(append([]Option{
		WithLogger(logger), WithSeed(1), WithStrategy(Fixed{Interval: time.Second}),
		WithDialer(&transport.WebSocket{NetDial: s.network.Dial}),
		WithProtocol(transport.Endings(transport.Raw(), map[int]messages.Code{
			4001: messages.ReasonKickedOtherDevice, 4003: messages.ReasonBanned,
		})),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	s.fleet = fleet
	if err := fleet.Listen("scene", s.note); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return s
}

// exit closes the server and lets the last dead letters fade.
func (s *scene) exit() {
	s.t.Helper()
	if err := s.server.Close(); err != nil {
		s.t.Error(err)
	}
	time.Sleep(2 * time.Second)
}

func (s *scene) note(e messages.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

// spec is a plain channel of the scene's server.
func (s *scene) spec(id messages.ChannelID) Spec {
	return Spec{ID: id, Address: transport.Static(fmt.Sprintf("%s/%s", s.server.URL, id)), Handler: Discard}
}

func (s *scene) open(spec Spec) *Channel {
	s.t.Helper()
	ch, err := s.fleet.Open(s.t.Context(), spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return ch
}

// ready opens plain channels and waits until they are up.
func (s *scene) ready(ids ...messages.ChannelID) []*Channel {
	s.t.Helper()
	list := make([]*Channel, len(ids))
	for i, id := range ids {
		list[i] = s.open(s.spec(id))
	}
	for _, ch := range list {
		s.wait(ch, messages.Ready)
	}
	return list
}

func (s *scene) wait(ch *Channel, status messages.Status) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Hour)
	defer cancel()
	if _, err := ch.Wait(ctx, status); err != nil {
		s.t.Fatalf("%s never was %s: %v\n%s", ch.ID(), status, err, s.story(ch.ID()))
	}
	synctest.Wait()
}

// must fails the test if a command was refused.
func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	synctest.Wait()
}

// story is what observers were told about a channel, one line each. A channel and its
// connection run side by side: what nobody knows of a message is told after the change
// that it goes with.
func (s *scene) story(id messages.ChannelID) string {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	var told []messages.Event
	for _, e := range s.events {
		if e.Subject() != id {
			continue
		}
		at := len(told)
		if moved, ok := e.(messages.StatusChanged); ok {
			for at > 0 && isUnknownSince(moved.At, told[at-1]) {
				at--
			}
		}
		told = slices.Insert(told, at, e)
	}
	var b strings.Builder
	for _, e := range told {
		b.WriteString(s.tell(e))
	}
	return b.String()
}

func isUnknownSince(moment time.Time, e messages.Event) bool {
	o, ok := e.(messages.Outcome)
	return ok && o.Result == messages.ResultUnknown && o.At.Equal(moment)
}

// tell renders an event: when it happened, what it was, why.
func (s *scene) tell(event messages.Event) string {
	line := func(at time.Time, format string, args ...any) string {
		return fmt.Sprintf("%v ", at.Sub(s.start).Round(ms)) + fmt.Sprintf(format, args...) + "\n"
	}
	because := func(r messages.Reason) string {
		if r.Code == messages.ReasonOK {
			return ""
		}
		return " " + r.Code.String()
	}
	switch e := event.(type) {
	case messages.StatusChanged:
		return line(e.At, "%s%s", e.Cur, because(e.Reason))
	case messages.Updated:
		return line(e.At, "updated%s", because(e.Reason))
	case messages.Outcome:
		return line(e.At, "#%d %s%s", e.ID, e.Result, because(e.Reason))
	case messages.Stopped:
		return line(e.At, "stopped%s", because(e.Reason))
	case messages.RoomChanged:
		notes := ""
		if e.RetryIn > 0 {
			notes += " again"
		}
		if e.Recovered {
			notes += " recovered"
		}
		if e.Gap {
			notes += " gap"
		}
		return line(e.At, "%s %s%s%s", e.Room, e.Cur, because(e.Reason), notes)
	case messages.RoomsSettled:
		return line(e.At, "settled ok=%d failed=%d gap=%d", e.OK, e.Failed, e.Gap)
	default: // snapshots and heartbeats are no news
		return ""
	}
}

// written is the log so far.
func (s *scene) written() string {
	synctest.Wait()
	return s.log.String()
}

// forget starts the story anew.
func (s *scene) forget() {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events, s.start = nil, time.Now()
}

// keep leaves out events whose place is a matter of chance.
func (s *scene) keep(wanted func(messages.Event) bool) {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = slices.DeleteFunc(s.events, func(e messages.Event) bool { return !wanted(e) })
}

// expect compares a channel's story, line by line.
func (s *scene) expect(id messages.ChannelID, want string) {
	s.t.Helper()
	var got wstest.Transcript
	for line := range strings.Lines(s.story(id)) {
		got.Add("%s", strings.TrimRight(line, "\n"))
	}
	if diff := got.Diff(want); diff != "" {
		s.t.Errorf("the story of %s:\n%s", id, diff)
	}
}
