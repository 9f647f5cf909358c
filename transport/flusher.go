package transport

import (
	"errors"
	"os"
	"sync"
	"time"

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
	op, data, rsv1 := opText, frame.Data, false
	switch frame.Kind {
	case FrameText:
	case FrameBinary:
		op = opBinary
	case FramePing:
		op = opPing
	case FramePong:
		op = opPong
	default:
		return writeError(messages.ReasonNotSupported, "there is no frame of kind %d", frame.Kind)
	}
	if isControl(op) && len(data) > maxControl {
		return writeError(messages.ReasonTooLarge, "a ping or pong carries at most %d bytes (RFC 6455, 5.5), not %d", maxControl, len(data))
	}
	if c.info.Compressed && !isControl(op) {
		if smaller, ok := deflate(data); ok {
			data, rsv1 = smaller, true
		}
	}
	size := frameSize(len(data))
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.aborted:
		return writeError(messages.ReasonNotConnected, "the connection was aborted")
	case c.writeErr != nil:
		return c.writeErr
	case c.closing:
		return writeError(messages.ReasonNotConnected, "the connection is closing")
	case size > c.limits.write:
		return writeError(messages.ReasonTooLarge, "a frame of %d bytes is above the write limit of %d", size, c.limits.write)
	case size > c.limits.write-c.waiting:
		return writeError(messages.ReasonSlowConsumer, "%d bytes wait to be written, the limit is %d", c.waiting, c.limits.write)
	}
	c.queue(op, rsv1, data, true)
	return nil
}

func writeError(code messages.Code, format string, args ...any) error {
	return &messages.Error{Op: "write", Reason: messages.Because(code, format, args...)}
}

// Close queues a close frame; see [Conn].
func (c *conn) Close(code int, text string) error {
	if code != 0 && code != closeNoStatus && !sendable(code) {
		return &messages.Error{Op: "close", Reason: messages.Because(messages.ReasonInvalidSpec, "close code %d must not be sent (RFC 6455, 7.4); use 1000 or 3000 to 4999", code)}
	}
	c.queueClose(code, text)
	return nil
}

// queueClose queues the one close frame of this side, if it is not queued yet.
func (c *conn) queueClose(code int, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || c.aborted || c.writeErr != nil {
		return
	}
	c.closing, c.leaving = true, true
	c.pong = nil
	c.queue(opClose, false, closeBody(code, text), false)
}

// owePong answers a ping. At most one pong waits: a newer one takes its place,
// which RFC 6455, 5.5.3 allows and which bounds what a flood of pings costs.
func (c *conn) owePong(payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || c.aborted || c.writeErr != nil {
		return
	}
	c.pong = append(make([]byte, 0, len(payload)), payload...)
	c.wakeFlusher()
}

// queue appends a frame to what waits. It is called with mu held.
func (c *conn) queue(op byte, rsv1 bool, data []byte, counted bool) {
	if c.pending == nil {
		c.pending = batches.Get().(*batch)
	}
	before := len(c.pending.bytes)
	c.pending.bytes = appendFrame(c.pending.bytes, op, rsv1, data)
	c.pending.ends = append(c.pending.ends, frameEnd{len(c.pending.bytes), counted})
	c.waiting += len(c.pending.bytes) - before
	c.wakeFlusher()
}

func (c *conn) wakeFlusher() {
	if !c.flushing {
		c.flushing = true
		c.flushers.Go(c.flush)
	}
}

// flush is the flusher: it writes until nothing waits.
func (c *conn) flush() {
	var pong [2 + 4 + maxControl]byte
	for {
		out, own := c.nextPiece(pong[:0])
		if out == nil {
			return
		}
		_ = c.sock.SetWriteDeadline(time.Now().Add(c.limits.writeTimeout))
		n, err := c.sock.Write(out)
		c.took(n, own, err)
	}
}

// nextPiece is what to write next, or nil if nothing waits. A pong overtakes
// the frames that wait, but not one that is partly gone. own says that the
// piece is a pong.
func (c *conn) nextPiece(pong []byte) (out []byte, own bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sending != nil && c.sending.sent == len(c.sending.bytes) {
		c.sending.release()
		c.sending = nil
	}
	between := c.sending == nil || c.sending.next == 0 && c.sending.sent == 0 ||
		c.sending.next > 0 && c.sending.ends[c.sending.next-1].offset == c.sending.sent
	switch {
	case c.writeErr != nil:
	case c.pong != nil && between:
		out = appendFrame(pong, opPong, false, c.pong)
		c.pong = nil
		return out, true
	case c.sending != nil:
		return c.sending.piece(), false
	case c.pending != nil:
		c.sending, c.pending = c.pending, nil
		return c.sending.piece(), false
	}
	c.flushing, c.leaving = false, false
	_ = c.sock.SetWriteDeadline(time.Time{})
	return nil, false
}

// took counts what the system has taken. Frames that it took entirely are
// written, whatever becomes of the connection; the others are not.
func (c *conn) took(n int, own bool, err error) {
	c.mu.Lock()
	counted := 0
	if !own {
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
		c.hurry()
	}
	c.mu.Unlock()
	if counted > 0 || err != nil {
		c.report()
	}
}
