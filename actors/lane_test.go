package actors

import (
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
					h.record.publish("a", transport.Publication{Offset: i + 1}, 1, nil)
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
