package vocabulary

import (
	"fmt"

	"github.com/seed14814784/holdfast/messages"
)

// Word is what a translator says: a comparable value that prints as the other
// system would.
type Word interface {
	comparable
	fmt.Stringer
}

// Translator says the status changes of one channel in another system's words.
// It has a memory of the channel, so each channel needs its own, and it must be
// used by one goroutine at a time.
type Translator[W Word] struct {
	say    func(*memory[W], messages.StatusChanged) []W
	memory memory[W]
}

func translator[W Word](say func(*memory[W], messages.StatusChanged) []W) *Translator[W] {
	return &Translator[W]{say: say}
}

// memory is what a word may depend on besides the change itself.
type memory[W Word] struct {
	voice[W]
	ever bool // Ready since the channel was told to connect
}

// Translate returns what the other system would say about the change: mostly
// one word, sometimes two, and none if it would stay silent or repeat itself.
func (t *Translator[W]) Translate(change messages.StatusChanged) []W {
	m := &t.memory
	switch change.Prev.Phase() {
	case messages.PhaseUp:
		m.ever = true // also for a translator that comes late
	case messages.PhaseDown, messages.PhaseLeaving, messages.PhaseEnded:
		m.ever = false // what follows is another life
	default: // on its way: nothing new about it
	}
	return m.utter(t.say(m, change))
}

// paused reports which of the two holds a change to Held is about.
func paused(change messages.StatusChanged) bool {
	return change.Reason.Code == messages.ReasonPaused
}

func number(n int) string { return fmt.Sprintf("(%d)", n) }
