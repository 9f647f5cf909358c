package actors

import (
	"bytes"
	"sync"
)

// backlog is a queue of inbound messages. It is made of blocks that are used again, so
// that a burst leaves no garbage and an empty queue holds no memory.
type backlog struct {
	head, tail *block
	count      int
}

// block holds some messages of a backlog, and the data of those that are lent.
type block struct {
	messages   [16]inbound
	first, end int
	next       *block
	data       [2 << 10]byte
	used       int // of data
}

var blocks = sync.Pool{New: func() any { return new(block) }}

func (q *backlog) put(m *inbound) {
	if q.tail == nil || q.tail.end == len(q.tail.messages) {
		b := blocks.Get().(*block)
		if q.tail == nil {
			q.head = b
		} else {
			q.tail.next = b
		}
		q.tail = b
	}
	kept := &q.tail.messages[q.tail.end]
	*kept = *m
	if m.lent {
		kept.Data = q.tail.keep(m.Data)
	}
	q.tail.end++
	q.count++
}

// keep copies data into the block, or out of it if there is no room.
func (b *block) keep(data []byte) []byte {
	end := b.used + len(data)
	if end > len(b.data) {
		return bytes.Clone(data)
	}
	kept := b.data[b.used:end:end]
	copy(kept, data)
	b.used = end
	return kept
}

// take takes the oldest message. There must be one. It lies in its block until it is
// released, with the block if that is spent: then it was the last.
func (q *backlog) take() (m *inbound, spent *block) {
	b := q.head
	m = &b.messages[b.first]
	b.first++
	q.count--
	if b.first < b.end { // as far as it is filled, for those before the last are full
		return m, nil
	}
	if q.head = b.next; q.head == nil {
		q.tail = nil
	}
	return m, b
}

// release is for a message that was taken. Nobody else looks at its place meanwhile.
func (m *inbound) release(spent *block) {
	*m = inbound{}
	if spent != nil {
		spent.first, spent.end, spent.next, spent.used = 0, 0, nil, 0
		blocks.Put(spent)
	}
}
