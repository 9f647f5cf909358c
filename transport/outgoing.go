package transport

import (
	"errors"
	"os"
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

const (
	// piece is about how much is given to the system at once. A peer that takes
	// bytes slowly but steadily is not timed out.
	piece = 64 << 10
	// keepBatch is the largest buffer that goes back to the pool.
	keepBatch = 64 << 10
)

// batch is a run of whole frames, encoded. Batches are pooled: an idle
// connection has none.
type batch struct {
	bytes []byte
	ends  []frameEnd
	sent  int // bytes that the system has taken
	next  int // first frame that it has not taken entirely
}

// frameEnd is where a frame ends within its batch.
type frameEnd struct {
	offset  int
	counted bool // it came through Write
}

var batches = sync.Pool{New: func() any { return new(batch) }}

func (b *batch) release() {
	if cap(b.bytes) > keepBatch {
		return
	}
	b.bytes, b.ends, b.sent, b.next = b.bytes[:0], b.ends[:0], 0, 0
	batches.Put(b)
}

// piece is the next part to write: whole frames up to the size of a piece, or
// as much of a larger one.
func (b *batch) piece() []byte {
	end := b.sent
	for _, frame := range b.ends[b.next:] {
		if frame.offset-b.sent > piece {
			break
		}
		end = frame.offset
	}
	if end == b.sent {
		end = min(b.sent+piece, len(b.bytes))
	}
	return b.bytes[b.sent:end]
}

// took moves on by n bytes and returns how many counted frames are complete
// with them.
func (b *batch) took(n int) (counted int) {
	b.sent += n
	for b.next < len(b.ends) && b.ends[b.next].offset <= b.sent {
		if b.ends[b.next].counted {
			counted++
		}
		b.next++
	}
	return counted
}

// Write queues a frame; see [Conn].
func (c *conn) Write(frame Frame) error {
	e, err := c.framing().encode(frame)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.aborted:
		return writeError(messages.ReasonNotConnected, "the connection was aborted")
	case c.writeErr != nil:
		return c.writeErr
	case c.closing:
		return writeError(messages.ReasonNotConnected, "the connection is closing")
	case e.size > c.limits().write:
		return writeError(messages.ReasonTooLarge, "a frame of %d bytes is above the write limit of %d", e.size, c.limits().write)
	case e.size > c.limits().write-c.waiting:
		return writeError(messages.ReasonSlowConsumer, "%d bytes wait to be written, the limit is %d", c.waiting, c.limits().write)
	}
	c.queue(e, true)
	return nil
}

func writeError(code messages.Code, format string, args ...any) error {
	return &messages.Error{Op: "write", Reason: messages.Because(code, format, args...)}
}

// Close queues the farewell of this side, if it is not queued yet; see [Conn].
func (c *conn) Close(code int, text string) error {
	last, framed, err := c.framing().farewell(code, text)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || c.aborted || c.writeErr != nil {
		return nil
	}
	c.closing, c.leaving = true, true
	c.pong = nil
	if framed {
		c.queue(last, false)
	} else {
		c.halfClose = true
		c.driver.wake()
	}
	return nil
}

// owePong answers a ping. At most one pong waits: a newer one takes its place,
// which RFC 6455, 5.5.3 allows and which bounds what a flood of pings costs.
func (c *conn) owePong(payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || c.aborted || c.writeErr != nil {
		return
	}
	kept := append(make([]byte, 0, len(payload)), payload...)
	c.pong = &kept
	c.driver.wake()
}

// queue appends a frame to what waits. It is called with mu held.
func (c *conn) queue(e encoded, counted bool) {
	if c.pending == nil {
		c.pending = batches.Get().(*batch)
	}
	c.pending.bytes = c.framing().append(c.pending.bytes, e)
	c.pending.ends = append(c.pending.ends, frameEnd{len(c.pending.bytes), counted})
	c.waiting += e.size
	c.driver.wake()
}

// step is what is to be written next.
type step uint8

const (
	stepRest step = iota // nothing
	stepData             // a piece of what was queued
	stepPong             // the pong that is owed
	stepEnd              // nothing any more: the socket is half-closed
)

// maxPong is a pong on the wire.
const maxPong = 2 + 4 + maxControl

// next is what is to be written next. A pong overtakes the frames that wait, but
// not one that is partly gone. It is called with mu held.
func (c *conn) next(pong []byte) (out []byte, next step) {
	if c.sending != nil && c.sending.sent == len(c.sending.bytes) {
		c.sending.release()
		c.sending = nil
	}
	between := c.sending == nil || c.sending.next == 0 && c.sending.sent == 0 ||
		c.sending.next > 0 && c.sending.ends[c.sending.next-1].offset == c.sending.sent
	switch {
	case c.writeErr != nil:
	case c.pong != nil && between:
		out = appendFrame(pong, opPong, false, *c.pong)
		c.pong = nil
		return out, stepPong
	case c.sending != nil:
		return c.sending.piece(), stepData
	case c.pending != nil:
		c.sending, c.pending = c.pending, nil
		return c.sending.piece(), stepData
	case c.halfClose:
		c.halfClose = false
		return nil, stepEnd
	}
	c.leaving = false
	return nil, stepRest
}

// took counts what the system has taken, and reports whether that is news. Frames
// that it took entirely are written, whatever becomes of the connection; the
// others are not. It is called with mu held.
func (c *conn) took(n int, step step, err error) (news bool) {
	counted := 0
	if step == stepData {
		counted = c.sending.took(n)
		c.waiting -= n
		c.written.Add(uint64(counted))
	}
	if err != nil {
		code := messages.ReasonWriteError
		if errors.Is(err, os.ErrDeadlineExceeded) {
			code = messages.ReasonWriteTimeout
		}
		c.writeErr = failure("write", err, code)
		c.writeErr.Reason.Code = code
		c.driver.hurry()
	}
	return counted > 0 || err != nil
}
