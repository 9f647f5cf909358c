package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

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
		if told := collect.take(); len(told) != 1 || told[0] != (returned{"it", true}) {
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
		told = append(told, collect.take()...)
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
		told := collect.take()
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
