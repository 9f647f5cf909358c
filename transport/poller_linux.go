//go:build !goroutines

package transport

import (
	"math"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// poller watches descriptors with one epoll instance. It is there while it watches
// something. What it finds is handled by its shifts, see [shift].
//
// An event names a descriptor and a number. The number is the connection's alone, so
// that an event of one that is closed never reaches the one that got its descriptor.
type poller struct {
	file *os.File        // the epoll instance
	raw  syscall.RawConn // of file

	mu      sync.Mutex
	watched []*polled   // by descriptor
	number  int32       // of the last that began to be watched
	shifts  []*shift    // that look for events, or are about to
	ticker  *time.Timer // looks after the shifts while there is something to do
	calm    int         // ticks in a row that found nothing to do

	ticking atomic.Bool
}

// pollers starts a poller with the first connection, and ends it after the last.
type pollers struct {
	mu     sync.Mutex
	poller *poller
	count  int // of connections that have it
}

// watched are all connections of this process.
var watched pollers

// interest is what is always reported: bytes, and endings. Edges only: who was told
// reads until nothing is left.
const interest = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET

// enter gives a connection the poller, which is there until it leaves. There may be no
// descriptor for one.
func (ps *pollers) enter() (*poller, error) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.poller == nil {
		p, err := newPoller()
		if err != nil {
			return nil, err
		}
		ps.poller = p
	}
	ps.count++
	return ps.poller, nil
}

// leave is for each that has entered.
func (ps *pollers) leave() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.count--; ps.count == 0 {
		_ = ps.poller.file.Close() // its shifts end
		ps.poller = nil
	}
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	_ = unix.SetNonblock(fd, true) // or package os would not have the runtime watch it
	p := &poller{file: os.NewFile(uintptr(fd), "epoll")}
	if p.raw, err = p.file.SyscallConn(); err != nil {
		_ = p.file.Close()
		return nil, err
	}
	p.ticker = time.AfterFunc(math.MaxInt64, p.tick) // it is set when there is work
	p.ticker.Stop()
	p.begin(new(shift))
	return p, nil
}

// add begins to watch.
func (p *poller) add(d *polled) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.number++; p.number == 0 { // they have started over
		p.number++
	}
	d.number = p.number
	for len(p.watched) <= int(d.fd) {
		p.watched = append(p.watched, make([]*polled, max(64, len(p.watched)))...)
	}
	p.watched[d.fd] = d
	if err := p.control(unix.EPOLL_CTL_ADD, d, interest); err != nil {
		p.watched[d.fd], d.number = nil, 0
		return err
	}
	return nil
}

// remove ends the watching.
func (p *poller) remove(d *polled) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watched[d.fd] = nil
	_ = p.control(unix.EPOLL_CTL_DEL, d, 0)
}

// want says whether room for writing is to be reported as well. It must not be
// called after remove.
func (p *poller) want(d *polled, room bool) {
	events := uint32(interest)
	if room {
		events |= unix.EPOLLOUT
	}
	_ = p.control(unix.EPOLL_CTL_MOD, d, events)
}

func (p *poller) control(op int, d *polled, events uint32) error {
	var err error
	if outer := p.raw.Control(func(fd uintptr) {
		err = unix.EpollCtl(int(fd), op, int(d.fd), &unix.EpollEvent{Events: events, Fd: d.fd, Pad: d.number})
	}); outer != nil {
		return outer
	}
	return os.NewSyscallError("epoll_ctl", err)
}

// find gives the connection of each event, if it is still there.
func (p *poller) find(events []unix.EpollEvent, found []finding) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		if d := p.watched[e.Fd]; d != nil && d.number == e.Pad {
			found[n] = finding{d, e.Events}
			n++
		}
	}
	return n
}
