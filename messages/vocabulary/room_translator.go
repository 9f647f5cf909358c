package vocabulary

import "github.com/seed14814784/holdfast/messages"

// RoomTranslator says the changes of one room in another system's words. It has
// a memory of the room, so each room needs its own, and it must be used by one
// goroutine at a time.
type RoomTranslator[W Word] struct {
	say    func(*roomMemory[W], messages.RoomChanged) []W
	memory roomMemory[W]
}

func roomTranslator[W Word](say func(*roomMemory[W], messages.RoomChanged) []W) *RoomTranslator[W] {
	return &RoomTranslator[W]{say: say}
}

// roomMemory is what a word may depend on besides the change itself.
type roomMemory[W Word] struct {
	voice[W]
	queued bool // wanted while there is no connection: the server was not asked yet
}

// Translate returns what the other system would say about the change: one word,
// or none if it would stay silent or repeat itself.
func (t *RoomTranslator[W]) Translate(change messages.RoomChanged) []W {
	m := &t.memory
	offline := change.Cur == messages.RoomInterrupted || change.Cur == messages.RoomSuspended
	if change.Prev.Ended() {
		m.queued = offline
	}
	words := m.utter(t.say(m, change))
	if !offline {
		m.queued = false
	}
	return words
}
