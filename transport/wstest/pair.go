package wstest

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// pair is one connection of a Network: two ends, a stream each way. The
// network's mutex guards all of it.
type pair struct {
	network        *Network
	client, server *end
	changed        *sync.Cond
	broken         bool // it was reset
}

// end is one side of a pair.
type end struct {
	pair          *pair
	local, remote address
	in, out       *stream
	closed        bool
	shut          bool // nothing more is written
	bounced       bool // bytes arrived where nobody has the socket any more
	readBy        deadline
	writeBy       deadline
	leave         []func() // called by the first close
}

func (n *Network) newPair(number int, to address) (client, server *end) {
	p := &pair{network: n, changed: sync.NewCond(&n.mu)}
	from := address("client:" + strconv.Itoa(number))
	up, down := &stream{}, &stream{}
	p.client = &end{pair: p, local: from, remote: to, in: down, out: up}
	p.server = &end{pair: p, local: to, remote: from, in: up, out: down}
	up.from, up.to = p.client, p.server
	down.from, down.to = p.server, p.client
	n.pairs[p] = struct{}{}
	return p.client, p.server
}

// settle delivers what is due, both ways.
func (p *pair) settle() {
	if !p.network.cut {
		now := time.Now()
		p.client.out.settle(now)
		p.server.out.settle(now)
	}
	p.changed.Broadcast()
}

func (p *pair) reset() {
	p.broken = true
	p.client.out.lose()
	p.server.out.lose()
	p.changed.Broadcast()
}

// Read returns what has arrived, even if the connection was reset since.
func (e *end) Read(b []byte) (int, error) {
	e.pair.network.mu.Lock()
	defer e.pair.network.mu.Unlock()
	for {
		switch {
		case e.closed:
			return 0, e.fail("read", net.ErrClosed)
		case e.readBy.passed():
			return 0, e.fail("read", os.ErrDeadlineExceeded)
		case len(b) == 0:
			return 0, nil
		case len(e.in.arrived) > 0:
			n := e.in.take(b)
			e.pair.changed.Broadcast() // there is room to write
			return n, nil
		case e.pair.broken:
			return 0, e.fail("read", syscall.ECONNRESET)
		case e.in.ended:
			return 0, io.EOF
		}
		e.pair.changed.Wait()
	}
}

// Write returns when the buffers hold all of b, as a kernel does: it says
// nothing about arrival. The first bytes to a peer that has closed vanish.
func (e *end) Write(b []byte) (int, error) {
	n := e.pair.network
	n.mu.Lock()
	defer n.mu.Unlock()
	written := 0
	for {
		switch {
		case e.closed:
			return written, e.fail("write", net.ErrClosed)
		case e.writeBy.passed():
			return written, e.fail("write", os.ErrDeadlineExceeded)
		case e.pair.broken:
			return written, e.fail("write", syscall.ECONNRESET)
		case e.shut, e.bounced:
			return written, e.fail("write", syscall.EPIPE)
		case written == len(b):
			return written, nil
		}
		if room := e.out.room(); room > 0 {
			part := b[written:min(len(b), written+room)]
			e.send(segment{data: append([]byte(nil), part...)})
			written += len(part)
			if written == len(b) {
				return written, nil
			}
			continue
		}
		e.pair.changed.Wait()
	}
}

// send puts a segment on its way.
func (e *end) send(s segment) {
	n := e.pair.network
	s.due = time.Now().Add(n.latency)
	e.out.push(s)
	if n.latency <= 0 {
		e.pair.settle()
		return
	}
	time.AfterFunc(n.latency, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		e.pair.settle()
	})
}

// CloseWrite ends what this side writes; it can still read.
func (e *end) CloseWrite() error {
	e.pair.network.mu.Lock()
	defer e.pair.network.mu.Unlock()
	if e.closed {
		return e.fail("close", net.ErrClosed)
	}
	e.shutdown()
	return nil
}

func (e *end) shutdown() {
	if !e.shut {
		e.shut = true
		e.send(segment{last: true})
	}
}

// Close ends this side. What it wrote still arrives, then EOF.
func (e *end) Close() error {
	e.pair.network.mu.Lock()
	defer e.pair.network.mu.Unlock()
	if e.closed {
		return e.fail("close", net.ErrClosed)
	}
	e.close()
	return nil
}

func (e *end) close() {
	if e.closed {
		return
	}
	e.closed = true
	e.readBy.stop()
	e.writeBy.stop()
	e.in.discard()
	e.shutdown()
	for _, leave := range e.leave {
		leave()
	}
	e.leave = nil
	if e.pair.client.closed && e.pair.server.closed {
		delete(e.pair.network.pairs, e.pair)
	}
	e.pair.changed.Broadcast()
}

// Drop is Close.
func (e *end) Drop() { _ = e.Close() }

// Reset breaks the connection for both sides, whether the network is cut or
// not: what arrived can still be read, then there is ECONNRESET.
func (e *end) Reset() {
	e.pair.network.mu.Lock()
	defer e.pair.network.mu.Unlock()
	e.pair.reset()
}

// whileOpen calls enter, and what it returns when the client closes the connection;
// nothing, if it has.
func (p *pair) whileOpen(enter func() (leave func())) {
	p.network.mu.Lock()
	defer p.network.mu.Unlock()
	if !p.client.closed {
		p.client.leave = append(p.client.leave, enter())
	}
}

func (e *end) LocalAddr() net.Addr  { return e.local }
func (e *end) RemoteAddr() net.Addr { return e.remote }

func (e *end) SetDeadline(t time.Time) error {
	return e.setDeadline(t, &e.readBy, &e.writeBy)
}
func (e *end) SetReadDeadline(t time.Time) error  { return e.setDeadline(t, &e.readBy) }
func (e *end) SetWriteDeadline(t time.Time) error { return e.setDeadline(t, &e.writeBy) }

func (e *end) setDeadline(t time.Time, deadlines ...*deadline) error {
	n := e.pair.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.closed {
		return e.fail("set", net.ErrClosed)
	}
	for _, d := range deadlines {
		d.set(t, func() {
			n.mu.Lock()
			defer n.mu.Unlock()
			e.pair.changed.Broadcast()
		})
	}
	e.pair.changed.Broadcast()
	return nil
}

func (e *end) fail(op string, err error) error {
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return failure(op, op, errno, e.local, e.remote)
	}
	return &net.OpError{Op: op, Net: "tcp", Source: e.local, Addr: e.remote, Err: err}
}

// failure is the error that the net package makes of a system call's.
func failure(op, call string, errno syscall.Errno, source, addr net.Addr) error {
	return &net.OpError{Op: op, Net: "tcp", Source: source, Addr: addr, Err: os.NewSyscallError(call, errno)}
}
