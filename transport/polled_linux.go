//go:build !goroutines

package transport

import (
	"crypto/tls"
	"net"
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
//   - A shift of the poller writes what did not fit when there is room again, and
//     reports.
//
// mu of the connection guards writing; reading has a lock of its own, so that
// neither waits for the other. Whoever holds both may close the descriptor: no
// call can be under way then, and none can meet a descriptor that took its number.
//
// It is one piece of memory with its connection: each of its own would lie between the
// garbage of connecting.
type polled struct {
	conn   conn
	fd     int32
	number int32 // among all that the poller ever watched; 0: it does not
	poller *poller

	events atomic.Uint32 // that the poller reported, counted
	empty  uint32        // the event after which nothing was left to read; 0: there was more

	ending  atomic.Bool // one of the events was of an ending
	closed  bool        // guarded by both locks
	late    bool        // reading was to end soon, and soon is over; guarded by reading
	blocked bool        // the system takes no more for now; guarded by mu

	reading sync.Mutex
	buffer  *[readSize]byte // borrowed; nil while nothing is parsed

	secure  *sealed // nil: plain TCP
	pen     *pen    // nil while nothing is written
	hurried *time.Timer
}

// newPolled takes the descriptor of a TCP connection, with or without TLS, out of the
// runtime's hands, or returns nil if it cannot. The connection is closed then; its
// descriptor lives on.
func newPolled(sock net.Conn) *conn {
	secure, _ := sock.(*tls.Conn)
	var socket *plug
	if secure != nil {
		socket, _ = secure.NetConn().(*plug)
		if socket == nil || socket.blocks {
			return nil
		}
		sock = socket.Conn
	}
	tcp, ok := sock.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	fd := -1
	if raw.Control(func(old uintptr) { fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0) }) != nil || err != nil {
		return nil // there is no descriptor left: the one we have still works
	}
	if unix.SetNonblock(fd, true) != nil {
		_ = unix.Close(fd)
		return nil
	}
	p, err := watched.enter()
	if err != nil { // nor is there one for the poller
		_ = unix.Close(fd)
		return nil
	}
	_ = tcp.Close()
	d := &polled{fd: int32(fd), poller: p}
	d.conn.driver = d
	if secure != nil {
		d.secure = &sealed{Conn: secure}
		socket.Conn, socket.driver = nil, d
	}
	return &d.conn
}

// watch has the poller report. What has arrived before is reported as well.
func (d *polled) watch() {
	if err := d.poller.add(d); err != nil { // the system watches no more
		d.conn.writeErr = failure("watch", err, messages.ReasonReadError)
		d.hurry()
		return
	}
	if d.blocked {
		d.poller.want(d, true)
	}
	if d.secure != nil { // it may hold bytes that nobody announces
		d.conn.later()
	}
}

// hurry lets reading go on for a moment.
func (d *polled) hurry() {
	if d.hurried == nil {
		d.hurried = time.AfterFunc(lastWords, func() {
			d.reading.Lock()
			d.late = true
			d.reading.Unlock()
			d.conn.tell()
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
		d.conn.mu.Lock()
		if d.blocked && d.conn.writeErr == nil {
			d.blocked = false
			if d.flush(); !d.blocked && !d.closed {
				d.poller.want(d, false)
			}
		}
		d.conn.mu.Unlock()
	}
	return d.conn.report()
}

// bury closes the descriptor.
func (d *polled) bury(leaving bool) {
	if leaving {
		d.linger()
	}
	if d.number != 0 {
		d.poller.remove(d)
	}
	watched.leave()
	d.reading.Lock()
	d.conn.mu.Lock()
	d.closed = true
	d.calm()
	if d.hurried != nil {
		d.hurried.Stop()
	}
	_ = unix.Close(int(d.fd))
	d.buffer = nil // not given back: the owner may be parsing what is in it
	d.conn.mu.Unlock()
	d.reading.Unlock()
}

// linger waits until the farewell has left, for a moment.
func (d *polled) linger() {
	d.conn.mu.Lock()
	var left chan struct{}
	if d.conn.leaving && d.conn.writeErr == nil && d.pen != nil {
		left = make(chan struct{})
		d.pen.left = left
	}
	d.conn.mu.Unlock()
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
