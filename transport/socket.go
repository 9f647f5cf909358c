package transport

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"github.com/seed14814784/holdfast/messages"
)

// conn is a [Conn]: what arrives is parsed, what is written waits in order, and
// both have bounds. Its driver moves the bytes.
//
// The fields above mu belong to whoever calls Read; the others to mu.
type conn struct {
	info   *ConnInfo // nil since Watch: an idle connection has no use for it
	driver driver

	chunks *chunks         // the framing; nil: it is frames
	frames frames          // or that
	ready  []byte          // arrived and not parsed yet; the driver's
	ended  *messages.Error // what Read returns from now on

	written atomic.Uint64

	mu        sync.Mutex
	notify    func() func()
	reporting sync.WaitGroup // those who call notify

	pending   *batch          // frames that wait
	sending   *batch          // frames that are being written
	waiting   int             // bytes of both that the system has not taken
	pong      *[]byte         // payload of the pong that is owed; nil if none is
	writeErr  *messages.Error // what writing ended with
	halfClose bool            // the socket is half-closed once nothing waits
	closing   bool            // the farewell is queued or gone: no more frames
	leaving   bool            // that farewell is on its way
	aborted   bool
	gone      bool
	done      func() // of those who called Abort; nil: there was none
}

// driver moves the bytes of a conn, to and from the system: [threads] over any
// net.Conn, with goroutines that block; [polled] without.
type driver interface {
	// watch begins to report what arrives. It is called once, if at all.
	watch()
	// take returns what has arrived, ErrWouldBlock, or what reading ended with.
	// What it returned before is not looked at any more. After ErrWouldBlock,
	// what arrives is reported.
	take() ([]byte, error)
	// wake has what waits written, without blocking. It is called with mu held.
	wake()
	// hurry ends the reading soon, because writing has ended. It is called with
	// mu held.
	hurry()
	// bury ends everything and returns when nothing is left. It lets a farewell
	// that is on its way leave first, for a moment.
	bury(leaving bool)
}

// newConn makes a connection over sock, which is upgraded already. raw is what
// has to be closed in the end: sock itself, or the socket under it. leftover
// are bytes of frames that were read together with the answer to the upgrade.
// goroutines is to do without the poller; else it is used where there is one, for TCP
// with and without TLS. A stream has no frames; the others have those of RFC 6455.
func newConn(sock, raw net.Conn, goroutines, stream bool, leftover []byte, info ConnInfo, limits *limits) *conn {
	var c *conn
	if !goroutines {
		c = newPolled(sock)
	}
	if c == nil {
		c = &conn{}
		c.driver = newThreads(c, sock, raw)
	}
	c.info, c.ready = &info, leftover
	if stream {
		c.chunks = &chunks{limits: limits}
	} else {
		c.frames = newFrames(limits, info.Compressed)
	}
	return c
}

func (c *conn) limits() *limits { return c.framing().bounds() }

func (c *conn) framing() framing {
	if c.chunks != nil {
		return c.chunks
	}
	return &c.frames
}

// Info tells about the connection; see [Conn].
func (c *conn) Info() ConnInfo {
	if c.info == nil {
		return ConnInfo{}
	}
	return *c.info
}

// Written is the number of frames that the system has taken.
func (c *conn) Written() uint64 { return c.written.Load() }

// readTurn is how often one Read gets what the driver has. A message may take longer
// than that to arrive, and a peer can send fragments of nothing for ever.
const readTurn = 16

// Read returns the next frame; see [Conn].
func (c *conn) Read() (Frame, error) {
	for taken := 0; c.ended == nil; {
		if len(c.ready) > 0 {
			unit, rest, ok, err := c.framing().next(c.ready)
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
		if taken++; taken > readTurn {
			c.later()
			return Frame{}, ErrWouldBlock
		}
		if err := c.take(); err != nil {
			return Frame{}, err
		}
	}
	return Frame{}, c.ended
}

// take gets what the driver has.
func (c *conn) take() error {
	b, err := c.driver.take()
	if err == nil {
		c.ready = b
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.aborted {
		c.ended = &messages.Error{Op: "read", Reason: messages.Because(messages.ReasonNotConnected, "the connection was aborted")}
		return nil
	}
	if errors.Is(err, ErrWouldBlock) {
		return err
	}
	c.ready = b
	if c.writeErr != nil {
		// Writing ended first and reading was cut short because of it.
		c.ended = c.writeErr
		return nil
	}
	ended := failure("read", err, messages.ReasonReadError)
	if c.framing().unfinished() {
		ended.Reason.Detail = "the stream ended in the middle of a message"
	}
	c.ended = ended
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

// Lend lets Read return what is in the driver's buffer; see [Lender].
func (c *conn) Lend() { c.framing().lend() }

// Watch starts the reports; see [Conn].
func (c *conn) Watch(notify func() (rest func())) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.notify != nil || c.aborted {
		return
	}
	c.notify, c.info = notify, nil
	c.driver.watch()
	if len(c.ready) > 0 { // came with the answer to the upgrade
		c.later()
	}
}

// report calls notify. The caller calls what it returns, where that may take long.
func (c *conn) report() (rest func()) {
	c.mu.Lock()
	if c.notify == nil || c.aborted {
		c.mu.Unlock()
		return nil
	}
	c.reporting.Add(1) // before bury waits, for it sets aborted first
	c.mu.Unlock()
	defer c.reporting.Done()
	return c.notify()
}

// tell reports, on a goroutine that has nothing else to do.
func (c *conn) tell() {
	if rest := c.report(); rest != nil {
		rest()
	}
}

// later reports from elsewhere, for those who hold mu or are called by the owner.
func (c *conn) later() { go c.tell() }
