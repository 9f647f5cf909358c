package wukongim

// seenBefore is how many messages are remembered after they were taken. A server says
// again what it has no acknowledgement of, so the memory has to reach as far back as
// acknowledgements may get lost.
const seenBefore = 4096

// seen remembers messages by the server's id, so that one that is said again is not
// delivered again. Those that are with a handler are remembered until it has returned,
// however many they are; the inbox bounds them. Our own are remembered by their names,
// where the program chose these.
type seen[K comparable] struct {
	state map[K]bool // whether it was taken; otherwise it is on its way
	taken []K        // a ring, with the oldest at next
	next  int
}

// begin notes that a message is on its way to the handler. It reports what is known of
// it already.
func (m *seen[K]) begin(id K) (known, taken bool) {
	taken, known = m.state[id]
	if !known {
		if m.state == nil {
			m.state = map[K]bool{}
		}
		m.state[id] = false
	}
	return known, taken
}

// forget makes a message one that was never seen: it did not get to the handler.
func (m *seen[K]) forget(id K) {
	if taken, known := m.state[id]; known && !taken {
		delete(m.state, id)
	}
}

// done notes that the handler has had a message.
func (m *seen[K]) done(id K) {
	if m.state[id] {
		return
	}
	if m.state == nil {
		m.state = map[K]bool{}
	}
	m.state[id] = true
	if len(m.taken) < seenBefore {
		m.taken = append(m.taken, id)
		return
	}
	delete(m.state, m.taken[m.next])
	m.taken[m.next] = id
	m.next = (m.next + 1) % seenBefore
}
