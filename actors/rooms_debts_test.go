package actors

import (
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// The last join had landed, and only its answer was lost. The connection may live
// for days.
func TestARoomThatIsGivenUpIsLeftOnTheConnectionThatThereIs(t *testing.T) {
	story(t, nil, func(h *hotel) {
		h.lobby.silent["JOIN"] = true
		spec := named("a")
		spec.Policy.MaxRetries = 1
		h.connect()
		h.join(spec)
		h.after(20 * time.Second)
		h.lobby.set(func(l *lobby) { l.halls["a"].in = h.peer.last() })
		h.after(time.Minute)
		if got := h.lobby.questions(); got != "JOIN a, LEAVE a, JOIN a, LEAVE a" || h.statusOf("a") != messages.RoomFailed {
			t.Errorf("it asked %s; the room is %s", got, h.statusOf("a"))
		}
		if in := h.lobby.members(); len(in) != 0 {
			t.Errorf("the server counts us in %v", in)
		}
	})
}
