package transport

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// limits are the bounds of one connection.
type limits struct {
	message      int64         // bytes of an inbound message, after inflating
	frame        int64         // bytes of an inbound frame
	write        int           // bytes that may wait to be written
	writeTimeout time.Duration // for each piece that is given to the system
}

// conn is a [Conn] over any net.Conn. It has at most two goroutines:
//
//   - the watcher, from Watch to the end, waits for bytes, hands them over and
//     waits until they were parsed and more is wanted. It reads, it never writes.
//   - the flusher, while there is something to write. It writes, it never reads.
//
// The fields above mu belong to whoever calls Read; the others to mu.
type conn struct {
	sock   net.Conn // frames go through it: TCP, TLS, a pipe
	raw    net.Conn // what is closed in the end: under TLS, the socket itself
	info   ConnInfo
	limits limits

	framing framing
	ready   []byte // handed over and not parsed yet; the watcher's buffer
	ended   error  // what Read returns from now on

	written atomic.Uint64
	reports atomic.Int32 // readiness reports that are due

	mu      sync.Mutex
	wanted  *sync.Cond // signalled when armed or aborted changes
	notify  func()
	armed   bool   // more bytes are wanted
	here    []byte // read by the watcher, not taken by Read yet
	hereErr error  // what reading ended with, after here

	pending   *batch // frames that wait
	sending   *batch // frames the flusher is at
	waiting   int    // bytes of both that the system has not taken
	pong      []byte // payload of the pong that is owed; nil if none is
	halfClose bool   // the socket is half-closed once nothing waits
	flushing  bool
	writeErr  *messages.Error // what writing ended with
	closing   bool            // the farewell is queued or gone: no more frames
	leaving   bool            // that farewell is on its way

	aborted bool
	gone    bool
	dones   []func()

	shut     sync.Once // closes raw
	watcher  sync.WaitGroup
	flushers sync.WaitGroup
}

// newConn makes a connection over sock, which is upgraded already. raw is what
// has to be closed in the end: sock itself, or the socket under it. leftover
// are bytes of frames that were read together with the answer to the upgrade.
func newConn(sock, raw net.Conn, framing framing, leftover []byte, info ConnInfo, limits limits) *conn {
	c := &conn{
		sock: sock, raw: raw, info: info, limits: limits,
		framing: framing,
		armed:   true,
		here:    leftover,
	}
	c.wanted = sync.NewCond(&c.mu)
	return c
}

// Info tells about the connection.
func (c *conn) Info() ConnInfo { return c.info }

// Written is the number of frames that the system has taken.
func (c *conn) Written() uint64 { return c.written.Load() }

// Read returns the next frame; see [Conn].
func (c *conn) Read() (Frame, error) {
	for c.ended == nil {
		if len(c.ready) > 0 {
			unit, rest, ok, err := c.framing.next(c.ready)
			c.ready = rest
			switch {
			case err != nil:
				c.violated(err)
			case ok:
				if frame, ok := c.accept(unit); ok {
					return frame, nil
				}
			}
			continue
		}
		if err := c.take(); err != nil {
			return Frame{}, err
		}
	}
	return Frame{}, c.ended
}

// take gets what the watcher has, or arms it and returns ErrWouldBlock.
//
// The bytes that were handed over are parsed entirely before the watcher is
// armed, because it reads into the same buffer again.
func (c *conn) take() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.aborted:
		c.ended = &messages.Error{Op: "read", Reason: messages.Because(messages.ReasonNotConnected, "the connection was aborted")}
	case len(c.here) > 0:
		c.ready, c.here = c.here, nil
	case c.hereErr != nil && c.writeErr != nil:
		// Writing ended first and reading was cut short because of it.
		c.ended = c.writeErr
	case c.hereErr != nil:
		ended := failure("read", c.hereErr, messages.ReasonReadError)
		if c.framing.unfinished() {
			ended.Reason.Detail = "the stream ended in the middle of a message"
		}
		c.ended = ended
	default:
		c.armed = true
		c.wanted.Signal()
		return ErrWouldBlock
	}
	return nil
}

// accept makes a frame of a unit, or the ending of a close frame.
func (c *conn) accept(u unit) (Frame, bool) {
	switch u.op {
	case opText:
		return Frame{FrameText, u.data}, true
	case opBinary:
		return Frame{FrameBinary, u.data}, true
	case opPong:
		return Frame{FramePong, u.data}, true
	case opPing:
		c.owePong(u.data)
		return Frame{FramePing, u.data}, true
	}
	code, text, ok := parseClose(u.data)
	if !ok {
		c.violated(broken("a close frame has a body of one byte (RFC 6455, 5.5.1)"))
		return Frame{}, false
	}
	_ = c.Close(echoOf(code), "") // no error: an echo can be sent
	c.ended = &messages.Error{Op: "read", Reason: closeReason(code, text)}
	return Frame{}, false
}

// violated ends the connection and tells the peer why.
func (c *conn) violated(v *violation) {
	_ = c.Close(v.close, v.detail)
	c.ended = &messages.Error{Op: "read", Reason: messages.Because(v.code, "%s", v.detail)}
}
