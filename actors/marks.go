package actors

import (
	"slices"
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

// mark is the number of the last frame of a message, and its size.
type mark struct {
	id    messages.MessageID
	frame uint64
	size  int
}

// markings are used again, unless they are longer than this.
var markings = sync.Pool{New: func() any { return new(make([]mark, 0, 4)) }}

const longMarkings = 64

// mark remembers a message until the system has taken its bytes.
func (c *connection) mark(m mark) {
	if c.unwritten == nil {
		c.unwritten = markings.Get().(*[]mark)
	}
	*c.unwritten = append(*c.unwritten, m)
}

// settle takes note of the messages whose bytes the system has taken.
func (c *connection) settle() {
	if c.conn == nil || c.unwritten == nil {
		return
	}
	marks := *c.unwritten
	written, n, stirs := c.conn.Written(), 0, false
	for n < len(marks) && marks[n].frame <= written {
		c.largest = max(c.largest, marks[n].size)
		stirs = c.rec.outbox.written(marks[n].id, c.acked) || stirs
		n++
	}
	if n == 0 {
		return
	}
	if *c.unwritten = slices.Delete(marks, 0, n); n == len(marks) {
		if cap(marks) <= longMarkings {
			markings.Put(c.unwritten)
		}
		c.unwritten = nil
	}
	if stirs {
		c.rec.nudge()
	}
}

// blamed is the message that the connection may have failed over: the one whose
// bytes the system had not all taken; 0 if there is none. A peer that finds
// something too big means the largest that it was sent, and that may be one that
// had left already.
func (c *connection) blamed() messages.MessageID {
	if c.cause == nil || c.leaving || c.unwritten == nil {
		return 0
	}
	first := (*c.unwritten)[0]
	if tooBig(*c.cause) && first.size <= c.largest {
		return 0
	}
	return first.id
}
