package actors

import (
	"slices"
	"testing"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// The room is told Joined without a gap, and before its lane is opened more comes
// than can be held back.
func TestNothingIsDroppedOnceTheRoomIsToldThatNothingIsMissing(t *testing.T) {
	story(t, nil, func(h *hotel) {
		var heard []uint64
		spec := named("a")
		spec.Handler = func(m messages.Received) { heard = append(heard, m.Position.Offset) }
		look := h.watch
		h.watch = func(event messages.Event) {
			look(event)
			if e, ok := event.(messages.RoomChanged); ok && e.Cur == messages.RoomJoined && !e.Gap {
				for i := range uint64(heldMessages + 10) {
					h.record.publish("a", transport.Publication{Offset: i + 1}, 1, slip{}, nil)
				}
			}
		}
		h.connect()
		h.join(spec)
		h.after(0)
		if len(heard) != heldMessages+10 {
			t.Errorf("%d messages were heard, the first is %v", len(heard), heard[:min(1, len(heard))])
		}
	})
}

// A server that has lost its last messages, but not the epoch, may think so.
func TestAHistoryThatIsShorterThanItWasIsAGap(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN"] = true
		spec := named("a")
		spec.Position = messages.Position{Epoch: "e1", Offset: 1000}
		h.connect()
		h.join(spec)
		h.skip()
		s := h.peer.last()
		s.send("IN a 1 e1/10 true")
		s.send("PUB a 11 next")
		h.after(0)
		h.expect(`
			0s a Joined RejoinedWithGap gap
			0s heard a: next`)
	})
}

func TestWhatWaitsForTheHandlerOfARoomThatIsLeftIsNotHeard(t *testing.T) {
	for name, leave := range map[string]func(h *hotel){
		"left":          func(h *hotel) { h.ask(messages.Leave{Room: "a"}) },
		"left with all": func(h *hotel) { h.ask(messages.LeaveAll{}) },
		"left offline": func(h *hotel) {
			h.peer.last().fail(lost())
			h.after(0)
			h.ask(messages.Leave{Room: "a"})
		},
		"joined again": func(h *hotel) {
			h.ask(messages.Leave{Room: "a"})
			h.join(named("a"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			story(t, nil, func(h *hotel) {
				busy := make(chan struct{})
				var heard []string
				spec := named("a")
				spec.Handler = func(m messages.Received) {
					<-busy
					heard = append(heard, string(m.Data))
				}
				h.up(spec)
				h.lobby.publish("a", "one")
				h.lobby.publish("a", "two")
				h.after(0)
				before := h.record.Snapshot().Stale
				leave(h)
				close(busy)
				h.after(0)
				if !slices.Equal(heard, []string{"one"}) || h.record.Snapshot().Stale != before+1 {
					t.Errorf("it heard %v, and %d messages were counted as stale", heard, h.record.Snapshot().Stale-before)
				}
			})
		})
	}
}

func TestWhatWaitsForTheHandlerOfARoomThatEndsIsHeard(t *testing.T) {
	for name, end := range map[string]func(h *hotel){
		"kicked":     func(h *hotel) { h.lobby.tell("a", "EVICTED") },
		"drained":    func(h *hotel) { h.ask(messages.Drain{}) },
		"logged out": func(h *hotel) { h.ask(messages.Disconnect{}) },
	} {
		t.Run(name, func(t *testing.T) {
			story(t, nil, func(h *hotel) {
				busy := make(chan struct{})
				var heard []string
				spec := named("a")
				spec.Handler = func(m messages.Received) {
					<-busy
					heard = append(heard, string(m.Data))
				}
				h.up(spec)
				h.lobby.publish("a", "one")
				h.lobby.publish("a", "two")
				h.after(0)
				end(h)
				h.after(0)
				close(busy)
				h.after(0)
				if !slices.Equal(heard, []string{"one", "two"}) || !h.statusOf("a").Ended() {
					t.Errorf("it heard %v; the room is %s", heard, h.statusOf("a"))
				}
			})
		})
	}
}

func TestAJoinThatIsAnsweredTwiceIsAnsweredOnce(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN"] = true
		h.connect()
		h.join(named("a"))
		h.skip()
		w := h.record.lanes.find("a") // by hand, for both to come before the room hears of the first
		for offset := uint64(1); offset < 3; offset++ {
			w.granted(1, messages.Position{Epoch: "e1", Offset: 2 * offset}, []held{{Publication: transport.Publication{Data: []byte("said")}}})
		}
		h.peer.last().send("PUB a 3 next")
		h.inspect(func(c *channel) {
			c.system.Root.Send(c.rooms.Load(), &roomNews{from: c.conn, ticket: transport.Ticket{Room: "a", Number: 1}, news: transport.RoomNews{Kind: transport.RoomJoined}})
		})
		h.after(0)
		h.expect(`
			0s a Joined Joined
			0s heard a: said (missed)
			0s heard a: next`)
	})
}
