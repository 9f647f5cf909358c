package actors

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// all takes every slip.
func (r *returns) all() (slips []returned) {
	for s, some := r.next(); some; s, some = r.next() {
		slips = append(slips, s)
	}
	return slips
}

func TestASessionIsToldOfAMessageWhenItsHandlerHasReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{}
			hear := settings.Handler
			settings.Handler = func(m messages.Received) {
				time.Sleep(time.Second)
				hear(m)
			}
		})
		s.connect()
		s.peer.last().send("TAKE one")
		s.peer.last().send("TAKE two")
		s.after(2 * time.Second)
		s.expect(`
			1s peer got "taken one true"
			1s heard "one"
			2s peer got "taken two true"
			2s heard "two"`)
		s.end()
	})
}

func TestAMessageThatAHandlerPanicsOverWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		collect := &returns{}
		w := s.record.lanes.put(messages.RoomSpec{ID: "a", Handler: func(messages.Received) { panic("over a message") }})
		s.record.open(w, nil)
		s.record.publish("a", transport.Publication{}, 1, slip{collect, "it"}, nil)
		synctest.Wait()
		if told := collect.all(); len(told) != 1 || told[0] != (returned{"it", true}) {
			t.Errorf("told %v", told)
		}
		s.end()
	})
}

func TestAMessageForARoomThatIsNotJoinedIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []returned
		collect := &returns{}
		give := func(r *Record, offset uint64, name string) {
			r.publish("a", transport.Publication{Offset: offset}, 1, slip{collect, name}, nil)
		}
		s := newStage(t, nil)
		r := s.record
		give(r, 1, "of a room that nobody joined")
		w := r.lanes.put(messages.RoomSpec{ID: "a", Handler: func(messages.Received) {}})
		give(r, 1, "before the join")
		w.begin(7)
		give(r, 2, "during the join")
		w.close()
		w.begin(8)
		give(r, 3, "during the second join")
		w.granted(8, messages.Position{Offset: 3}, []held{{Publication: transport.Publication{Offset: 3}, slip: slip{collect, "of the history"}}})
		give(r, 4, "after it was granted")
		r.open(w, nil)
		give(r, 4, "again")
		synctest.Wait()
		told = append(told, collect.all()...)
		want := []returned{
			{"of a room that nobody joined", false},
			{"before the join", false},
			{"during the join", false},
			{"during the second join", true}, // the history had it
			{"of the history", true},
			{"again", true}, // the handler has had it
			{"after it was granted", true},
		}
		if len(told) != len(want) {
			t.Fatalf("told %v", told)
		}
		have := map[any]bool{}
		for _, one := range told {
			have[one.receipt] = one.taken
		}
		for _, one := range want {
			if taken, ok := have[one.receipt]; !ok || taken != one.taken {
				t.Errorf("%s: told %v, taken %v; it should be %v", one.receipt, ok, taken, one.taken)
			}
		}
		s.end()
	})
}

func TestAMessageOfARoomThatIsLeftBeforeItsTurnIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		collect := &returns{}
		w := s.record.lanes.put(messages.RoomSpec{ID: "a", Handler: func(messages.Received) { time.Sleep(time.Second) }})
		s.record.open(w, nil)
		for _, name := range []string{"the first", "the second"} {
			s.record.publish("a", transport.Publication{}, 1, slip{collect, name}, nil)
		}
		synctest.Wait()
		w.hush()
		s.after(2 * time.Second)
		told := collect.all()
		if len(told) != 2 || told[0] != (returned{"the first", true}) || told[1] != (returned{"the second", false}) {
			t.Errorf("told %v", told)
		}
		s.end()
	})
}

// A handler does not know that the connection was lost which its message came over.
func TestTheNextSessionIsToldOfAMessageWhoseConnectionWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{}
			settings.Handler = func(messages.Received) { time.Sleep(time.Second) }
		})
		s.connect()
		s.peer.last().send("TAKE one")
		synctest.Wait()
		s.peer.last().fail(lost())
		s.after(10 * time.Second)
		s.expect(`
			0s Backoff ReadEOF
			2s Queued
			2s Preparing
			2s Dialing
			2s Authenticating
			2s Ready
			2s peer got "taken one true"`)
		s.end()
	})
}

// A slip that got lost would leave the session waiting for ever.
func TestWhatASessionWasNotToldBeforeItEndedIsToldToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{told: func(receipt any, taken bool) error {
				if told = append(told, fmt.Sprint(receipt, " ", taken)); len(told) == 1 {
					return lost()
				}
				return nil
			}}
			settings.Handler = func(messages.Received) { time.Sleep(500 * time.Millisecond) }
		})
		s.connect()
		for _, name := range []string{"one", "two", "three"} {
			s.peer.last().send("TAKE " + name)
		}
		synctest.Wait()
		s.peer.last().fail(lost())
		s.after(time.Minute) // the second connection is told all of it at once
		if want := []string{"one true", "two true", "three true"}; !slices.Equal(told, want) {
			t.Errorf("told %v", told)
		}
		s.end()
	})
}

// After the goodbye nothing can be written: to try would cost the peer's answer to it.
func TestWhatComesBackAfterOurGoodbyeIsForTheNextSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) {
			settings.Protocol = script{}
			settings.Inbox.Messages = 1
			hear := settings.Handler
			settings.Handler = func(m messages.Received) {
				time.Sleep(time.Second)
				hear(m)
			}
		})
		s.connect()
		s.peer.set(func(p *peer) { p.mute = true })
		s.peer.last().send("TAKE one")
		s.peer.last().send("TAKE two")
		s.peer.last().send("TAKE three") // the inbox has no room for it
		synctest.Wait()
		s.ask(messages.Disconnect{})
		s.after(3 * time.Second)
		s.peer.last().fail(peerClose(1000, "bye"))
		s.after(time.Second)
		s.ask(messages.Connect{})
		s.after(time.Second)
		s.expect(`
			0s Closing UserDisconnect
			1s heard "one"
			2s heard "two"
			3s Closed UserDisconnect
			4s Queued UserConnect
			4s Preparing
			4s Dialing
			4s Authenticating
			4s Ready
			4s peer got "taken three false"
			4s peer got "taken one true"
			4s peer got "taken two true"`)
		s.end()
	})
}

// shy is a protocol whose sessions do not want to know what became of messages.
type shy struct{ script }

func (p shy) NewSession(opening transport.Opening) transport.Session {
	return struct{ transport.Session }{p.script.NewSession(opening)}
}

func TestNothingPilesUpForASessionThatDoesNotWantToKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Protocol = shy{} })
		s.connect()
		s.peer.last().send("TAKE one")
		s.after(0)
		s.expect(`0s heard "one"`)
		if s.record.returns != nil {
			t.Error("what comes back is collected")
		}
		s.end()
	})
}

func TestASessionIsToldOfTheMessagesOfAHistory(t *testing.T) {
	story(t, nil, func(h *hotel) {
		told := map[string]bool{}
		h.lobby.told = func(receipt any, taken bool) error {
			told[receipt.(*note).text] = taken
			return nil
		}
		h.connect()
		h.join(named("a"))
		h.lobby.publish("a", "one")
		h.after(0)
		h.peer.last().fail(lost())
		h.lobby.publish("a", "two")
		h.after(time.Minute)
		h.peer.last().send("IN a 77 e1/3 true three") // to a question that nobody asks any more
		h.after(0)
		want := map[string]bool{"a 1 one": true, "a 2 two": true, "a 3 three": false}
		if !maps.Equal(told, want) {
			t.Errorf("told %v", told)
		}
	})
}

func TestWhatALaneHasNoRoomForIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, nil)
		collect := &returns{}
		s.record.lanes.put(messages.RoomSpec{ID: "a", Handler: func(messages.Received) {}}).begin(7)
		for i := range heldMessages + 2 {
			s.record.publish("a", transport.Publication{}, 1, slip{collect, i}, nil)
		}
		told := collect.all()
		for i, one := range told {
			if one != (returned{i, false}) {
				t.Fatalf("told %v as number %d", one, i)
			}
		}
		if len(told) != heldMessages+2 {
			t.Errorf("told of %d", len(told))
		}
		s.end()
	})
}
