package actors

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

func TestOutboxPolicies(t *testing.T) {
	for name, test := range map[string]struct {
		overflow Overflow
		want     string
	}{
		"a full outbox refuses": {Reject, `
			refused: OutboxFull
			peer got "1"
			#1 Written
			peer got "2"
			#2 Written
			peer got "3"
			#3 Written`},
		"a full outbox drops what waited longest": {DropOldest, `
			#1 Dropped Superseded
			peer got "2"
			#2 Written
			peer got "3"
			#3 Written
			peer got "4"
			#4 Written`},
		"a full outbox drops what comes": {DropNewest, `
			#4 Dropped Superseded
			peer got "1"
			#1 Written
			peer got "2"
			#2 Written
			peer got "3"
			#3 Written`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, func(settings *Settings) {
					settings.Outbox.Messages, settings.Outbox.Overflow = 3, test.overflow
				})
				var got []string
				for i := range 4 {
					if _, err := s.record.Send(messages.Text(fmt.Sprint(i + 1))); err != nil {
						reason, _ := messages.ReasonOf(err)
						got = append(got, "refused: "+reason.Code.String())
					}
				}
				s.ask(messages.Connect{})
				for _, line := range s.lines {
					if line.who() > 0 {
						got = append(got, line.text)
					}
				}
				// When a receipt settles, the peer may or may not have had its turn.
				if a, b := sorted(got), sorted(strings.Split(test.want, "\n")); a != b {
					t.Errorf("it went\n%s\nand should have gone\n%s", a, b)
				}
				s.end()
			})
		})
	}
}

func sorted(lines []string) string {
	var all []string
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			all = append(all, l)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func TestWhatCannotBeSentIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Outbox.MessageBytes, settings.Outbox.Bytes = 10, 9 })
		for name, test := range map[string]struct {
			message messages.Message
			want    messages.Code
		}{
			"a message above the limit":        {messages.Text("hello, hello"), messages.ReasonTooLarge},
			"a message above the limit of all": {messages.Text("hello, you"), messages.ReasonTooLarge},
			"text that is not UTF-8":           {messages.Text("\xff"), messages.ReasonInvalidMessage},
			"no such kind":                     {messages.Message{Kind: 7}, messages.ReasonInvalidMessage},
			"a negative time to live":          {messages.Text("a").Expiring(-1), messages.ReasonInvalidMessage},
		} {
			_, err := s.record.Send(test.message)
			if wrong, ok := errors.AsType[*messages.Error](err); !ok || !errors.Is(err, test.want) || wrong.Channel != "c" || wrong.Op != "send" {
				t.Errorf("%s: %v", name, err)
			}
		}
		s.end()
	})
}

func TestTooLargeAMessageDropsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Outbox = OutboxLimits{Messages: 10, Bytes: 100, MessageBytes: 100, Overflow: DropOldest}
		})
		s.connect()
		s.peer.last().freeze()
		s.send(strings.Repeat("a", 50)) // being written: it cannot be dropped
		s.ask(messages.Pause{})
		s.after(time.Second)
		s.skip()
		s.send("b")
		if _, err := s.record.Send(messages.Text(strings.Repeat("c", 100))); err != nil {
			t.Errorf("all that waits could be dropped for it: %v", err)
		}
		s.expect(`
			1s #1 Dropped Superseded
			1s #2 Dropped Superseded`)
		s.end()
	})
}

// boxed is an outbox without a channel.
func boxed(limits OutboxLimits, observer Observer) *outbox {
	return &outbox{Settings: &Settings{Channel: "c", Rules: &Rules{Outbox: limits, Observer: observer}}}
}

func TestConnectionHoldsNoMoreThanTheWindow(t *testing.T) {
	for name, test := range map[string]struct{ size, want int }{
		"small messages": {1, windowMessages},
		"large messages": {windowBytes / 4, 4},
		"huge messages":  {2 * windowBytes, 1},
	} {
		t.Run(name, func(t *testing.T) {
			limits := OutboxLimits{Messages: 1000, Bytes: 1 << 30, MessageBytes: 1 << 20}
			outbox := boxed(limits, &counter{})
			for range 400 {
				if _, err := outbox.Accept(messages.Binary(make([]byte, test.size))); err != nil {
					t.Fatal(err)
				}
			}
			if outbox.hand(); len(outbox.handed) != test.want {
				t.Errorf("%d messages were handed over, want %d", len(outbox.handed), test.want)
			}
			if outbox.hand() {
				t.Errorf("%d were handed over in the end", len(outbox.handed))
			}
			outbox.written(1, false)
			if !outbox.hand() || len(outbox.handed) != test.want {
				t.Errorf("%d are handed over after one was written", len(outbox.handed))
			}
		})
	}
}

func TestAConnectionHoldsNoMoreThanHalfOfTheOutbox(t *testing.T) {
	for name, test := range map[string]struct {
		limits OutboxLimits
		want   int
	}{
		"half of the messages": {OutboxLimits{Messages: 9, Bytes: 1000, MessageBytes: 10}, 4},
		"half of the bytes":    {OutboxLimits{Messages: 100, Bytes: 100, MessageBytes: 10}, 5},
		"one message at least": {OutboxLimits{Messages: 1, Bytes: 10, MessageBytes: 10}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			outbox := boxed(test.limits, &counter{})
			for range min(test.limits.Messages, 9) {
				if _, err := outbox.Accept(messages.Text("ten bytes.")); err != nil {
					t.Fatal(err)
				}
			}
			if outbox.hand(); len(outbox.handed) != test.want {
				t.Errorf("%d messages were handed over, want %d", len(outbox.handed), test.want)
			}
		})
	}
}

func TestAMessageExpiresWhileTheSocketHasNoRoomForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Keepalive.Interval = 0 })
		s.connect()
		s.peer.last().clog(true)
		s.post(messages.Text("first").Expiring(3 * time.Second))
		s.send("second")
		s.post(messages.Text("third").Expiring(5 * time.Second))
		s.after(time.Minute)
		s.expect(`
			3s #1 Expired Expired
			5s #3 Expired Expired`)
		s.peer.last().clog(false)
		synctest.Wait()
		s.expect(`
			1m0s peer got "second"
			1m0s #2 Written`)
		s.end()
	})
}

func TestWhatExpiresBehindAFullSocketMakesRoomAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Keepalive.Interval = 0
			settings.Outbox.Messages = 10
		})
		s.connect()
		s.peer.last().clog(true)
		s.send("stays")
		for range 100 {
			s.post(messages.Text("goes").Expiring(time.Second))
			s.after(time.Second)
		}
		if n, _ := s.record.outbox.Depth(); n != 1 {
			t.Errorf("the outbox keeps %d messages", n)
		}
		s.end()
	})
}

func TestTheOldestIsDroppedWhileAPeerTakesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		stall func(*socket)
		want  string
	}{
		"the socket has no room": {func(s *socket) { s.clog(true) }, `
			0s #1 Dropped Superseded
			0s #2 Dropped Superseded`},
		"the socket took what it could": {(*socket).freeze, `
			0s #3 Dropped Superseded
			0s #4 Dropped Superseded`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, func(settings *Settings) {
					settings.Outbox.Messages, settings.Outbox.Overflow = 4, DropOldest
				})
				s.connect()
				test.stall(s.peer.last())
				for i := range 6 {
					s.send(fmt.Sprint(i + 1))
				}
				s.expect(test.want)
				s.end()
			})
		})
	}
}

// What a connection has begun to write keeps its place; to drop what waits behind it would
// make no room.
func TestNothingIsDroppedInVain(t *testing.T) {
	limits := OutboxLimits{Messages: 10, Bytes: 100, MessageBytes: 100, Overflow: DropOldest}
	observer := &counter{}
	defer func() {
		if n := observer.outcomes.Load(); n != 0 {
			t.Errorf("%d messages have an outcome", n)
		}
	}()
	outbox := boxed(limits, observer)
	for _, size := range []int{50, 1} {
		if _, err := outbox.Accept(messages.Text(strings.Repeat("a", size))); err != nil {
			t.Fatal(err)
		}
		if size == 50 {
			outbox.hand()
			outbox.begin()
		}
	}
	if _, err := outbox.Accept(messages.Text(strings.Repeat("b", 60))); !errors.Is(err, messages.ReasonOutboxFull) {
		t.Errorf("it was taken: %v", err)
	}
}

func TestNoOutcomeIsToldBeforeTheReadyThatMadeItPossible(t *testing.T) {
	for range 50 { // the connection writes on a goroutine of its own
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, nil)
			if _, err := s.record.Send(messages.Text("early")); err != nil {
				t.Fatal(err)
			}
			s.ask(messages.Connect{})
			s.expect(`
				0s Queued UserConnect
				0s Preparing
				0s Dialing
				0s Authenticating
				0s Ready
				0s peer got "early"
				0s #1 Written`)
			s.end()
		})
	}
}
