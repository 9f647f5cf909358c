//go:build !goroutines

package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed14814784/holdfast/messages"
)

// readSize is how much is read at once. The buffer is borrowed for the time in
// which what is in it is parsed.
const readSize = 64 << 10

var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// polled is the driver of a descriptor that nobody else knows: a poller says when
// it is ready, and its owner reads and writes without blocking. While nothing
// happens it holds no goroutine, no buffer and no timer.
//
//   - The owner reads, in take, and writes what fits, in wake.
//   - The poller's goroutine writes what did not fit when there is room again, and
//     reports.
//
// mu of the connection guards writing; reading has a lock of its own, so that
// neither waits for the other. Whoever holds both may close the descriptor: no
// call can be under way then, and none can meet a descriptor that took its number.
type polled struct {
	c      *conn
	fd     int
	poller *poller
	number int32 // among all that the poller ever watched

	reading sync.Mutex
	buffer  *[readSize]byte // borrowed; nil while nothing is parsed
	closed  bool            // guarded by both locks
	late    bool            // reading was to end soon, and soon is over

	blocked bool   // the system takes no more for now
	rest    []byte // of a pong that was partly taken
	stall   *time.Timer
	hurried *time.Timer
	left    chan struct{} // closed once nothing waits; nil: nobody waits for that
}

// newPolled takes the descriptor of a TCP connection out of the runtime's hands, or
// reports that it cannot. The connection is closed then; its descriptor lives on.
func newPolled(c *conn, sock net.Conn) (*polled, bool) {
	tcp, ok := sock.(*net.TCPConn)
	if !ok {
		return nil, false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, false
	}
	fd := -1
	if raw.Control(func(old uintptr) { fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }) != nil || err != nil {
		return nil, false // there is no descriptor left: the one we have still works
	}
	if unix.SetNonblock(fd, true) != nil {
		_ = unix.Close(fd)
		return nil, false
	}
	_ = tcp.Close()
	return &polled{c: c, fd: fd}, true
}

// watch has the poller report. What has arrived before is reported as well.
func (d *polled) watch() {
	p, err := watched.add(d)
	if err != nil { // there is no descriptor for the poller
		d.c.writeErr = failure("watch", err, messages.ReasonReadError)
		d.c.later()
		return
	}
	d.poller = p
}

// take reads what is there.
func (d *polled) take() ([]byte, error) {
	d.reading.Lock()
	defer d.reading.Unlock()
	if d.closed {
		return nil, net.ErrClosed
	}
	if d.buffer == nil {
		d.buffer = readBuffers.Get().(*[readSize]byte)
	}
	n, err := again(func() (int, error) { return unix.Read(d.fd, d.buffer[:]) })
	switch {
	case n > 0:
		return d.buffer[:n], nil
	case err == nil:
		err = io.EOF
	case errors.Is(err, unix.EAGAIN) && d.late:
		err = os.ErrDeadlineExceeded
	case errors.Is(err, unix.EAGAIN):
		err = ErrWouldBlock
	default:
		err = os.NewSyscallError("read", err)
	}
	d.giveBack()
	return nil, err
}

func (d *polled) giveBack() {
	if d.buffer != nil {
		readBuffers.Put(d.buffer)
		d.buffer = nil
	}
}

// again repeats a call that a signal interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}

// wake writes what waits, as far as there is room. What was taken shows in Written
// when wake returns, so that only an error is reported.
func (d *polled) wake() {
	if !d.blocked {
		if failed := d.flush(); failed {
			d.c.later()
		}
	}
}

// flush writes until nothing waits or there is no more room; then the poller says
// when there is. It is called with mu held.
func (d *polled) flush() (failed bool) {
	var pong [maxPong]byte
	for !d.closed {
		out, step := d.rest, stepPong
		if out == nil {
			out, step = d.c.next(pong[:0])
		}
		switch step {
		case stepRest:
			d.calm()
			return false
		case stepEnd:
			_ = unix.Shutdown(d.fd, unix.SHUT_WR)
			continue
		case stepData, stepPong:
		}
		n, err := again(func() (int, error) { return unix.Write(d.fd, out) })
		n = max(n, 0)
		if step == stepPong {
			d.rest = nil
			if n < len(out) && (err == nil || errors.Is(err, unix.EAGAIN)) {
				d.rest = append([]byte(nil), out[n:]...)
			}
		}
		full := errors.Is(err, unix.EAGAIN)
		if err != nil && !full {
			d.calm()
			d.c.took(0, step, os.NewSyscallError("write", err))
			return true
		}
		d.c.took(n, step, nil)
		if n > 0 {
			d.progressed()
		}
		if full {
			d.block()
			return false
		}
	}
	return false
}

// block waits for room, for as long as a write may take.
func (d *polled) block() {
	if !d.blocked {
		d.blocked = true
		if d.poller != nil {
			d.poller.want(d, true)
		}
	}
	if d.stall == nil {
		d.stall = time.AfterFunc(d.c.limits.writeTimeout, d.stalled)
	}
}

// progressed begins the time that a write may take anew.
func (d *polled) progressed() {
	if d.stall != nil {
		d.stall.Reset(d.c.limits.writeTimeout)
	}
}

// calm is after everything was written, or nothing will be any more.
func (d *polled) calm() {
	if d.stall != nil {
		d.stall.Stop()
		d.stall = nil
	}
	d.rest = nil
	if d.left != nil {
		close(d.left)
		d.left = nil
	}
}

// stalled ends a write that took too long.
func (d *polled) stalled() {
	d.c.mu.Lock()
	due := d.stall != nil && d.blocked && !d.closed
	if due {
		d.calm()
		d.c.took(0, stepPong, os.ErrDeadlineExceeded)
	}
	d.c.mu.Unlock()
	if due {
		d.c.report()
	}
}

// hurry lets reading go on for a moment.
func (d *polled) hurry() {
	if d.hurried == nil {
		d.hurried = time.AfterFunc(lastWords, func() {
			d.reading.Lock()
			d.late = true
			d.reading.Unlock()
			d.c.report()
		})
	}
}

// ready is called by the poller: bytes or an ending are there, or room.
func (d *polled) ready(room bool) {
	if room {
		d.c.mu.Lock()
		if d.blocked && d.c.writeErr == nil {
			d.blocked = false
			if d.flush(); !d.blocked && !d.closed {
				d.poller.want(d, false)
			}
		}
		d.c.mu.Unlock()
	}
	d.c.report()
}

// bury closes the descriptor.
func (d *polled) bury(leaving bool) {
	if leaving {
		d.linger()
	}
	if d.poller != nil {
		d.poller.remove(d)
	}
	d.reading.Lock()
	d.c.mu.Lock()
	d.closed = true
	d.calm()
	if d.hurried != nil {
		d.hurried.Stop()
	}
	_ = unix.Close(d.fd)
	d.buffer = nil // not given back: the owner may be parsing what is in it
	d.c.mu.Unlock()
	d.reading.Unlock()
}

// linger waits until the farewell has left, for a moment.
func (d *polled) linger() {
	d.c.mu.Lock()
	var left chan struct{}
	if d.c.leaving && d.c.writeErr == nil {
		left = make(chan struct{})
		d.left = left
	}
	d.c.mu.Unlock()
	if left == nil {
		return
	}
	timer := time.NewTimer(goodbye)
	defer timer.Stop()
	select {
	case <-left:
	case <-timer.C:
	}
}
