//go:build !goroutines

package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed14814784/holdfast/messages"
)

// readSize is how much is read at once. The buffer is borrowed for the time in
// which what is in it is parsed.
const readSize = 64 << 10

// maxOwed is how much TLS may have to answer before nothing more is read.
const maxOwed = 64 << 10

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
	empty   uint64          // the event after which nothing was left to read; 0: there was more

	events atomic.Uint64 // that the poller reported, counted
	ending atomic.Bool   // one of them was of an ending

	secure  *tls.Conn  // nil: plain TCP
	sealing sync.Mutex // TLS may answer the peer while it reads
	sealed  []byte     // by TLS, and not taken by the system yet

	blocked  bool   // the system takes no more for now
	rest     []byte // of what must be taken entirely before it counts
	parcel   parcel // that counts then
	stall    *time.Timer
	patience time.Time // when stall is due
	hurried  *time.Timer
	left     chan struct{} // closed once nothing waits; nil: nobody waits for that
}

// parcel is what was made ready to be written at once.
type parcel struct {
	size int // of it, as it was queued
	step step
}

// newPolled takes the descriptor of a TCP connection, with or without TLS, out of the
// runtime's hands, or reports that it cannot. The connection is closed then; its
// descriptor lives on.
func newPolled(c *conn, sock net.Conn) (driver, bool) {
	secure, _ := sock.(*tls.Conn)
	var socket *plug
	if secure != nil {
		socket, _ = secure.NetConn().(*plug)
		if socket == nil || socket.blocks {
			return nil, false
		}
		sock = socket.Conn
	}
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
	d := &polled{c: c, fd: fd, secure: secure}
	if secure != nil {
		socket.Conn, socket.driver = nil, d
	}
	return d, true
}

// watch has the poller report. What has arrived before is reported as well.
func (d *polled) watch() {
	p, err := watched.add(d)
	if err != nil { // there is no descriptor for the poller
		d.c.writeErr = failure("watch", err, messages.ReasonReadError)
		d.hurry()
		return
	}
	d.poller = p
	if d.blocked {
		p.want(d, true)
	}
	if d.secure != nil { // it may hold bytes that nobody announces
		d.c.later()
	}
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
	n, err := d.read(d.buffer[:])
	if n > 0 {
		return d.buffer[:n], nil
	}
	d.giveBack()
	if errors.Is(err, errAgain) {
		err = ErrWouldBlock
		if d.late {
			err = os.ErrDeadlineExceeded
		}
	}
	return nil, err
}

// read reads plain bytes. TLS may have something to answer.
func (d *polled) read(b []byte) (int, error) {
	if d.secure == nil {
		return d.receive(b)
	}
	if d.owed() > maxOwed { // a peer that asks and does not listen is not heard either
		return 0, errAgain // until there is room to answer
	}
	n, err := d.secure.Read(b)
	if d.owed() > 0 {
		d.c.mu.Lock()
		d.wake()
		d.c.mu.Unlock()
	}
	return n, err
}

// owed is how much TLS wants to write.
func (d *polled) owed() int {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	return len(d.sealed)
}

// errAgain is an error that passes: nothing is here yet.
var errAgain net.Error = again{}

type again struct{}

func (again) Error() string   { return "transport: nothing is here yet" }
func (again) Timeout() bool   { return true }
func (again) Temporary() bool { return true }

// receive reads from the system. When less came than there was room for, nothing is
// left, and nothing is asked for until there is another event: that would be a call of
// the system for every message. Only an ending may follow without one.
func (d *polled) receive(b []byte) (int, error) {
	event := d.events.Load() // before the read: what comes after it has another number
	if d.empty == event && event > 0 && !d.ending.Load() {
		return 0, errAgain
	}
	n, err := uninterrupted(func() (int, error) { return unix.Read(d.fd, b) })
	switch {
	case n > 0:
		if d.empty = 0; n < len(b) {
			d.empty = event
		}
		return n, nil
	case err == nil:
		return 0, io.EOF
	case errors.Is(err, unix.EAGAIN):
		return 0, errAgain
	}
	return 0, os.NewSyscallError("read", err)
}

// seal keeps what TLS wants to write.
func (d *polled) seal(b []byte) {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	d.sealed = append(d.sealed, b...)
}

// unseal takes what TLS wants to write.
func (d *polled) unseal() []byte {
	d.sealing.Lock()
	defer d.sealing.Unlock()
	b := d.sealed
	d.sealed = nil
	return b
}

func (d *polled) giveBack() {
	if d.buffer != nil {
		readBuffers.Put(d.buffer)
		d.buffer = nil
	}
}

// uninterrupted repeats a call that a signal interrupted.
func uninterrupted(call func() (int, error)) (int, error) {
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
	for !d.closed {
		if d.rest == nil && !d.prepare() {
			d.calm()
			return false
		}
		n, err := uninterrupted(func() (int, error) { return unix.Write(d.fd, d.rest) })
		if err == nil { // also of an empty frame
			d.count(n)
		}
		switch {
		case errors.Is(err, unix.EAGAIN):
			d.block()
			return false
		case err != nil:
			d.calm()
			d.c.took(0, stepPong, os.NewSyscallError("write", err))
			return true
		}
	}
	return false
}

// prepare makes the next bytes ready; false: there are none.
func (d *polled) prepare() bool {
	for {
		if d.secure != nil {
			if b := d.unseal(); len(b) > 0 {
				d.rest = b
				return true
			}
			d.parcel = parcel{}
		}
		out, step := d.c.next(nil)
		switch step {
		case stepRest:
			return false
		case stepEnd:
			d.closeWrite()
			continue
		case stepPong, stepData:
		}
		d.parcel = parcel{len(out), step}
		if d.secure == nil {
			d.rest = out
			return true
		}
		if _, err := d.secure.Write(out); err != nil { // it keeps everything, unless it is broken
			d.c.took(0, stepPong, err)
		}
	}
}

// count notes what the system has taken. Plain bytes count at once, sealed ones when
// all of a parcel is gone.
func (d *polled) count(n int) {
	d.rest = d.rest[n:]
	if d.secure == nil {
		d.c.took(n, d.parcel.step, nil)
	} else if len(d.rest) == 0 {
		d.c.took(d.parcel.size, d.parcel.step, nil)
		d.parcel = parcel{} // what TLS answers meanwhile is no part of it
	}
	if len(d.rest) == 0 {
		d.rest = nil
		d.progressed()
	}
}

// closeWrite ends the stream of this side: TLS says so with a close-notify.
func (d *polled) closeWrite() {
	if d.secure != nil {
		_ = d.secure.CloseWrite()
		return
	}
	_ = unix.Shutdown(d.fd, unix.SHUT_WR)
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
		d.patience = time.Now().Add(d.c.limits.writeTimeout)
		d.stall = time.AfterFunc(d.c.limits.writeTimeout, d.stalled)
	}
}

// progressed begins the time that a write may take anew.
func (d *polled) progressed() {
	if d.stall != nil {
		d.patience = time.Now().Add(d.c.limits.writeTimeout)
		d.stall.Reset(d.c.limits.writeTimeout)
	}
}

// calm is after everything was written, or nothing will be any more.
func (d *polled) calm() {
	if d.stall != nil {
		d.stall.Stop()
		d.stall = nil
	}
	if d.left != nil {
		close(d.left)
		d.left = nil
	}
}

// stalled ends a write that took too long. The timer may have run out while there was
// progress.
func (d *polled) stalled() {
	d.c.mu.Lock()
	due := d.stall != nil && d.blocked && !d.closed && !time.Now().Before(d.patience)
	if due {
		d.calm()
		d.c.took(0, stepPong, os.ErrDeadlineExceeded)
	}
	d.c.mu.Unlock()
	if due {
		d.c.tell()
	}
}

// hurry lets reading go on for a moment.
func (d *polled) hurry() {
	if d.hurried == nil {
		d.hurried = time.AfterFunc(lastWords, func() {
			d.reading.Lock()
			d.late = true
			d.reading.Unlock()
			d.c.tell()
		})
	}
}

// ready is called by a shift: bytes, room or an ending are there. It returns what may
// take long.
func (d *polled) ready(events uint32) (rest func()) {
	if events&(unix.EPOLLRDHUP|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		d.ending.Store(true)
	}
	d.events.Add(1)
	if events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		d.c.mu.Lock()
		if d.blocked && d.c.writeErr == nil {
			d.blocked = false
			if d.flush(); !d.blocked && !d.closed {
				d.poller.want(d, false)
			}
		}
		d.c.mu.Unlock()
	}
	return d.c.report()
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
