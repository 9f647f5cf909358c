package simulation

import (
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

// muster knows from the events alone which channels are Ready.
type muster struct {
	mu     sync.Mutex
	size   int
	status map[messages.ChannelID]messages.Status
	ready  int
	full   chan struct{} // closed when all are Ready; replaced when one leaves
}

func newMuster(size int) *muster {
	return &muster{size: size, status: map[messages.ChannelID]messages.Status{}, full: make(chan struct{})}
}

func (m *muster) note(event any) {
	switch e := event.(type) {
	case messages.Snapshot:
		m.set(e.Channel, e.Status)
	case messages.StatusChanged:
		m.set(e.Channel, e.Cur)
	}
}

func (m *muster) set(id messages.ChannelID, status messages.Status) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was := m.status[id]
	m.status[id] = status
	switch {
	case status == messages.Ready && was != messages.Ready:
		if m.ready++; m.ready == m.size {
			close(m.full)
		}
	case status != messages.Ready && was == messages.Ready:
		if m.ready == m.size {
			m.full = make(chan struct{})
		}
		m.ready--
	}
}

// all is closed when every channel is Ready.
func (m *muster) all() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.full
}

// census counts the channels by status.
func (m *muster) census() map[messages.Status]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	count := map[messages.Status]int{}
	for _, s := range m.status {
		count[s]++
	}
	return count
}
