package simulation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// town is a world whose server has halls. Each channel has a user who wants to be
// in some of ten of them, each hall has ten channels.
type town struct {
	*world
	halls     *halls
	registers []*register
	specs     [][]messages.RoomSpec
	parlance  parlance
	newest    []*life // each channel's last login, under the lock of the halls
}

// apart are the distances between the halls of one channel.
var apart = []int{0, 1, 3, 6, 10, 15, 21, 28, 36, 45}

// paces are the limits that channels have: those that are the default, and two
// that ten rooms have to wait for.
var paces = []supervisor.RoomLimits{
	{JoinWindow: 32, JoinRate: 250},
	{JoinWindow: 4, JoinRate: 20},
	{JoinWindow: 2, JoinRate: 2},
}

func newTown(t *testing.T, seed uint64, channels int) *town {
	w := found(t, seed, channels)
	town := &town{
		world: w, halls: newHalls(channels), newest: make([]*life, channels),
		parlance: parlance{map[messages.ChannelID]*pace{}},
	}
	for i, l := range w.ledgers {
		specs := town.rooms(i, l)
		town.specs = append(town.specs, specs)
		town.registers = append(town.registers, newRegister(specs))
		town.parlance.paces[l.id] = &pace{limits: paces[i%len(paces)]}
	}
	w.server.Handle(town.serve)
	at := map[messages.ChannelID]*register{}
	for i, l := range w.ledgers {
		at[l.id] = town.registers[i]
	}
	w.populate(town.spec, func(e messages.Event) {
		if r := at[e.Subject()]; r != nil {
			r.note(e)
		}
	})
	return town
}

// rooms gives the rooms of a channel every policy there is.
func (t *town) rooms(i int, l *ledger) []messages.RoomSpec {
	var specs []messages.RoomSpec
	for j, d := range apart {
		spec := messages.RoomSpec{
			ID:       t.halls.list[(i+d)%len(t.halls.list)].id,
			How:      []messages.JoinHow{messages.HowJoin, messages.HowEnter}[(i+j)%2],
			Priority: j % 3,
			Policy: messages.RoomPolicy{
				OnGap:   messages.GapPolicy((i + j) % 3),
				Missing: messages.MissingPolicy((i + j) / 2 % 2),
			},
		}
		if (i+j)%5 == 0 {
			spec.Policy.Rejoin = messages.StayOut
		}
		if (i+j)%7 == 0 {
			spec.Policy.MaxRetries = 3
		}
		if j%2 == 0 {
			spec.Handler = func(m messages.Received) { t.hear(i, l, m) }
		}
		spec.Gap = func(g messages.Gap) { t.registers[i].hearsGap(g) }
		specs = append(specs, spec)
	}
	return specs
}

func (t *town) spec(i int, l *ledger) supervisor.Spec {
	spec := t.world.spec(i, l)
	spec.Protocol = t.parlance
	spec.Rooms = paces[i%len(paces)]
	spec.Handler = func(m messages.Received) { t.hear(i, l, m) }
	return spec
}

// hear is the handler of every room: a number, and what to do about it.
func (t *town) hear(i int, l *ledger, m messages.Received) {
	if m.Room == "" {
		t.t.Errorf("seed %d, %s: the handler got %q from no room", t.seed, l.id, m.Data)
		return
	}
	t.registers[i].hears(m)
	switch _, order, _ := strings.Cut(string(m.Data), " "); order {
	case "slow":
		time.Sleep(3 * time.Second)
	case "panic":
		panic("the handler was told to panic")
	}
}

// serve is the server: it answers questions about halls, and reads.
func (t *town) serve(c *wstest.Conn) {
	i, v := t.welcome(c)
	if v == nil {
		return
	}
	t.halls.mu.Lock()
	t.newest[i] = v
	t.halls.mu.Unlock()
	l := t.ledgers[i]
	for m := range c.Messages() {
		for text := range strings.SplitSeq(string(m.Data), "\n") {
			t.takes(i, v, l, text)
		}
	}
	l.ends(v)
	t.forget(i, v)
}

func (t *town) takes(i int, v *life, l *ledger, text string) {
	switch verb, rest, _ := strings.Cut(text, " "); verb {
	case "JOIN", "VERIFY", "LEAVE":
		t.asked(i, v, asking(text))
		return
	case "SAY":
		_, text, _ = strings.Cut(rest, " ")
	}
	number, err := strconv.Atoi(strings.TrimRight(text, " "))
	if err != nil {
		t.t.Errorf("seed %d, %s: the server got %q", t.seed, l.id, text)
	}
	l.arrives(v, number)
}

// forget takes the guests of a connection that is over out of the halls: those of
// every other channel, within a minute. The others keep their places.
func (t *town) forget(i int, v *life) {
	if i%2 == 0 {
		return
	}
	within := time.Duration(v.epoch*7919%60) * time.Second
	time.AfterFunc(within, func() {
		t.halls.mu.Lock()
		defer t.halls.mu.Unlock()
		for _, spec := range t.specs[i] {
			if h := t.halls.by[spec.ID]; h.guests[i] != nil && h.guests[i].v == v {
				delete(h.guests, i)
			}
		}
	})
}

// close ends the town and says what the books say.
func (t *town) close(late *chain) tallies {
	t.t.Helper()
	t.halls.mu.Lock()
	for i, r := range t.registers {
		l := t.ledgers[i]
		wrongs := r.verdict(i, t.halls)
		l.mu.Lock()
		for _, w := range wrongs {
			l.wrong("%s: %s\n%s", w.room, w.text, t.about(l, w))
		}
		for _, wrong := range t.parlance.paces[l.id].verdict() {
			l.wrong("%s", wrong)
		}
		l.mu.Unlock()
	}
	t.halls.mu.Unlock()
	return t.world.close(late)
}

// about is the story of a room until something was wrong with it.
func (t *town) about(l *ledger, w complaint) string {
	var lines []string
	for _, s := range l.story {
		text := s.text
		if s.what != nil {
			text = s.what.String()
		}
		_, status := s.what.(messages.StatusChanged)
		told := w.room == "" || status || about(text, w.room)
		if told && !s.at.After(w.at) {
			lines = append(lines, fmt.Sprintf("      %-12s %s", t.clock(s.at), text))
		}
	}
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

// about reports whether a line speaks of a room.
func about(text string, room messages.RoomID) bool {
	return slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" /,:", r) }), string(room))
}
