package actors

import (
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// What the channel says may come before or after it stops the rooms actor: either
// way it has to sound the same.
func TestRoomsOfAChannelThatIsClosedSettleNothing(t *testing.T) {
	for range 20 {
		story(t, nil, func(h *hotel) {
			h.lobby.silent["JOIN"] = true
			h.join(named("a"))
			h.connect()
			h.system.Root.Stop(h.pid)
			h.after(0)
			h.expect(`
				0s Closed ParentStopped
				0s a Detached ParentStopped`)
		})
	}
}

// The answer may never come, and the room wait for its next attempt for long.
func TestARoomThatWaitsHoldsNothingBack(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN"] = true
		h.connect()
		h.join(named("a"))
		h.peer.last().send("PUB a 1 x")
		h.after(10 * time.Second)
		h.peer.last().send("PUB a 2 y")
		h.after(0)
		if w := h.record.lanes.find("a"); h.statusOf("a") != messages.RoomWaiting || len(w.live) != 0 || w.bytes != 0 {
			t.Errorf("it is %s and holds back %d messages, %d bytes", h.statusOf("a"), len(w.live), w.bytes)
		}
	})
}
