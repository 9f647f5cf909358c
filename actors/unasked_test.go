package actors

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// What a server says unasked was coming before the room was wanted, and comes after the
// room has ended. Somebody hears it at every moment.
func TestWhatComesUnaskedIsHeardByTheChannelUntilTheRoomIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		s := newStage(t, func(settings *Settings) {
			settings.Handler = func(m messages.Received) { heard = append(heard, "channel "+string(m.Data)) }
		})
		r := s.record
		say := func(offset uint64, unasked bool) {
			r.publish("a", transport.Publication{Offset: offset, Data: fmt.Append(nil, offset), Unasked: unasked}, 1, slip{}, nil)
			synctest.Wait()
		}
		say(1, true) // nobody wants the room
		w := r.lanes.put(messages.RoomSpec{ID: "a", Handler: func(m messages.Received) { heard = append(heard, "room "+string(m.Data)) }})
		say(2, true) // it is wanted, and not asked for
		w.begin(7)
		say(3, true) // the session does not know yet that it is, and begins behind this
		say(4, false)
		say(5, true)
		w.granted(7, messages.Position{Offset: 4}, nil)
		r.open(w, nil)
		synctest.Wait()
		say(6, true)
		w.close()
		say(7, true) // it was interrupted: the answer to a question will have this
		w.conclude()
		say(8, true)
		say(9, false)
		w.begin(8) // again, after 6
		say(6, true)
		say(9, true) // on its way, as far as the session knows: no history has it
		say(10, true)
		w.granted(8, messages.Position{Offset: 9}, nil)
		r.open(w, nil)
		synctest.Wait()
		want := []string{"channel 1", "channel 2", "room 3", "room 5", "room 6", "channel 8", "room 9", "room 10"}
		if !slices.Equal(heard, want) {
			t.Errorf("heard was %q, and should be %q", heard, want)
		}
		s.end()
	})
}

// A message that finds no room while the channel says goodbye was not taken, and the
// session that follows is told.
func TestAMessageThatFindsNoRoomAtTheGoodbyeIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, func(settings *Settings) { settings.Inbox.Messages = 1 })
		wait := make(chan struct{})
		r := s.record
		r.Handler = func(messages.Received) { <-wait }
		for range 2 { // one is with the handler, one waits
			r.inbox.push(&inbound{}, nil)
			synctest.Wait()
		}
		session := struct {
			transport.Session
			transport.Taker
		}{}
		l := (&connection{rec: r, session: session, leaving: true}).link()
		l.Publish("a", transport.Publication{Receipt: "it", Unasked: true})
		if told := r.returns.all(); len(told) != 1 || told[0] != (returned{"it", false}) {
			t.Errorf("told %v", told)
		}
		close(wait)
		s.end()
	})
}
