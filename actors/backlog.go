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

func (q *backlog) put(m inbound) {
	if q.tail == nil || q.tail.end == len(q.tail.messages) {
		b := blocks.Get().(*block)
		if q.tail == nil {
			q.head = b
		} else {
			q.tail.next = b
		}
		q.tail = b
	}
	if m.lent {
		m.Data = q.tail.keep(m.Data)
	}
	q.tail.messages[q.tail.end] = m
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

// take takes the oldest message. There must be one. With the last of a block comes the
// block: its data is there until it is released.
func (q *backlog) take() (m inbound, spent *block) {
	b := q.head
	m = b.messages[b.first]
	b.messages[b.first] = inbound{}
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

// release lets a block be used again.
func (b *block) release() {
	if b != nil {
		b.first, b.end, b.next, b.used = 0, 0, nil, 0
		blocks.Put(b)
	}
}
