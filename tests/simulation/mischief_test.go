package simulation

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// mischief is the faults of a town: those of every world, and what halls and
// their users do.
type mischief struct {
	*faults
	town *town
}

func newMischief(t *town) *mischief { return &mischief{newFaults(t.world), t} }

// strike is one tick.
func (m *mischief) strike() {
	now := time.Now()
	for _, what := range order {
		if at, planned := m.due[what]; planned && !at.After(now) {
			delete(m.due, what)
			m.disaster(what)
		}
	}
	for range m.times(5 * time.Minute) {
		m.accident(m.somebody())
	}
	for range m.times(10 * time.Minute) {
		m.command(m.somebody())
	}
	for range m.times(2 * time.Minute) {
		m.town.change(m.somebody(), m.random)
	}
	for range m.times(time.Minute) {
		m.speak(m.somebody(), 1)
	}
	for range m.times(30 * time.Minute) {
		m.speak(m.somebody(), 12) // more than the share of a room
	}
	for range m.times(time.Minute) {
		m.say(m.somebody(), -1, "")
	}
	for range m.times(20 * time.Minute) {
		m.order("slow")
	}
	for range m.times(30 * time.Minute) {
		m.order("panic")
	}
	for range m.times(3 * time.Minute) {
		m.evil(m.somebody())
	}
}

// say publishes in a hall.
func (m *mischief) say(n, to int, order string) {
	m.town.halls.mu.Lock()
	defer m.town.halls.mu.Unlock()
	if h := m.town.halls.list[n]; h.there {
		h.say(to, order)
	}
}

// order publishes something that one handler is slow about, or panics over.
func (m *mischief) order(what string) {
	i := m.somebody()
	h := m.town.halls.by[m.town.specs[i][m.random.IntN(len(apart))].ID]
	l := m.ledgers[i]
	l.mu.Lock()
	recently := time.Since(l.panicked) < time.Minute
	if !recently && what == "panic" {
		l.panicked = time.Now()
	}
	l.mu.Unlock()
	if recently && what == "panic" {
		return // well within its budget
	}
	m.happened("handler told to be " + what)
	m.town.halls.mu.Lock()
	defer m.town.halls.mu.Unlock()
	if !h.there {
		return
	}
	h.say(i, what)
	if what == "slow" {
		for range 20 { // more than the inbox holds
			h.say(-1, "")
		}
	}
}

// speak sends something to a room.
func (m *mischief) speak(i, count int) {
	room := m.town.specs[i][m.random.IntN(len(apart))].ID
	for range count {
		ttl := time.Duration(0)
		if m.random.IntN(20) == 0 {
			ttl = 10 * time.Second
		}
		err := m.ledgers[i].send(m.handles[i], room, ttl, 0)
		switch {
		case err == nil:
		case m.town.registers[i].wants(room):
			m.expect(i, "send", err, messages.ReasonOutboxFull)
		default:
			m.expect(i, "send", err, messages.ReasonOutboxFull, messages.ReasonNotInRoom)
		}
	}
}

// evil does something to a hall, or to somebody in it.
func (m *mischief) evil(n int) {
	m.town.halls.mu.Lock()
	defer m.town.halls.mu.Unlock()
	h := m.town.halls.list[n]
	if !h.there {
		h.open()
		m.happened("hall is made again")
		return
	}
	switch roll := m.random.IntN(20); {
	case roll < 8:
		h.trimmed = h.said - m.random.IntN(3)
		m.happened("hall's history is trimmed")
	case roll < 9:
		h.destroy()
		m.happened("hall is destroyed")
	case roll < 10:
		h.renew()
		m.happened("hall's history begins anew")
	default:
		present := h.present()
		if len(present) == 0 {
			return
		}
		i := present[m.random.IntN(len(present))]
		verb := []string{"DETACHED", "DETACHED", "EVICTED", "REVOKED"}[m.random.IntN(4)]
		m.happened(fmt.Sprintf("guest is %s", verb))
		h.remove(i, verb)
	}
}

// heal takes everything back that lasts.
func (m *mischief) heal() {
	m.faults.heal()
	m.town.halls.mu.Lock()
	defer m.town.halls.mu.Unlock()
	for _, h := range m.town.halls.list {
		h.open()
		clear(h.ends)
	}
}
