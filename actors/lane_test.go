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
