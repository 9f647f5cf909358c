package golden

import (
	"fmt"
	"strings"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/messages/vocabulary"
)

// listener hears one vocabulary, of the channel or of its room, and keeps all it
// hears.
type listener[C any] interface {
	hear(change C) []string
	sequence() string
}

type heard[C any, W vocabulary.Word] struct {
	translate func(C) []W
	all       []string
}

func (h *heard[C, W]) hear(change C) []string {
	var said []string
	for _, word := range h.translate(change) {
		said = append(said, word.String())
	}
	h.all = append(h.all, said...)
	return said
}

func (h *heard[C, W]) sequence() string { return strings.Join(h.all, " | ") }

// audience is everybody who listens, in the order of the trace's speaks line.
type audience[C any] struct {
	names     []string
	listeners []listener[C]
}

func (a *audience[C]) add(name string, l listener[C]) {
	a.names, a.listeners = append(a.names, name), append(a.listeners, l)
}

// hear gives what is said about a change, one word a line.
func (a *audience[C]) hear(change C) []string {
	var lines []string
	for i, l := range a.listeners {
		for _, word := range l.hear(change) {
			lines = append(lines, a.names[i]+" "+word)
		}
	}
	return lines
}

// sequences gives everything that was said, by name.
func (a *audience[C]) sequences() map[string]string {
	all := map[string]string{}
	for i, l := range a.listeners {
		all[a.names[i]] = l.sequence()
	}
	return all
}

func ofChannel[W vocabulary.Word](t *vocabulary.Translator[W]) listener[messages.StatusChanged] {
	return &heard[messages.StatusChanged, W]{translate: t.Translate}
}

func ofRoom[W vocabulary.Word](t *vocabulary.RoomTranslator[W]) listener[messages.RoomChanged] {
	return &heard[messages.RoomChanged, W]{translate: t.Translate}
}

func (s *story) listen(name string) error {
	switch name {
	case "zim":
		s.channel.add(name, ofChannel(vocabulary.ZIM()))
	case "wukong":
		s.channel.add(name, ofChannel(vocabulary.WuKongFlutter()))
	case "ios":
		s.channel.add(name, ofChannel(vocabulary.WuKongIOS()))
	case "pk":
		s.channel.add(name, ofChannel(vocabulary.Pk()))
	case "socket":
		s.channel.add(name, ofChannel(vocabulary.Socket()))
	case "ably":
		s.channel.add(name, ofChannel(vocabulary.Ably()))
	case "centrifugo":
		s.channel.add(name, ofChannel(vocabulary.Centrifugo()))
	case "zimroom":
		s.inside.add(name, ofRoom(vocabulary.ZIMRoom()))
	case "ablychannel":
		s.inside.add(name, ofRoom(vocabulary.AblyChannel()))
	case "subscription":
		s.inside.add(name, ofRoom(vocabulary.CentrifugoSubscription()))
	default:
		return fmt.Errorf("nobody speaks %q", name)
	}
	return nil
}
