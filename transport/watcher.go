package transport

import (
	"sync"
	"time"
)

const (
	// idleRead is the buffer that a connection waits with.
	idleRead = 1 << 10
	// busyRead is the buffer that it reads with while much arrives.
	busyRead = 16 << 10
	// lastWords is how long reading goes on after writing has ended, so that a
	// close frame that is on its way, or in the system's buffer, wins over the
	// error.
	lastWords = 100 * time.Millisecond
)

var busyBuffers = sync.Pool{New: func() any { return new([busyRead]byte) }}

// Watch starts the watcher; see [Conn].
func (c *conn) Watch(notify func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.notify != nil || c.aborted {
		return
	}
	c.notify = notify
	early := len(c.here) > 0 // came with the answer to the upgrade
	c.armed = !early
	c.watcher.Go(func() { c.watch(early) })
}

// watch is the watcher. It holds a small buffer while it waits and a big one,
// borrowed, after a read that filled the small one.
func (c *conn) watch(early bool) {
	if early {
		c.report()
	}
	idle := make([]byte, idleRead)
	buffer := idle
	var busy *[busyRead]byte
	full := false
	for c.asked() {
		// Only now are the bytes of the last read parsed and the buffer free.
		switch {
		case full && busy == nil:
			busy = busyBuffers.Get().(*[busyRead]byte)
			buffer = busy[:]
		case !full && busy != nil:
			busyBuffers.Put(busy)
			busy, buffer = nil, idle
		}
		n, err := c.sock.Read(buffer)
		full = n == len(buffer)
		c.hand(buffer[:n], err)
		if err != nil {
			return
		}
	}
}

// asked waits until more bytes are wanted, and returns false if none will be.
func (c *conn) asked() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.armed && !c.aborted {
		c.wanted.Wait()
	}
	if c.writeErr != nil {
		c.hurry()
	}
	return !c.aborted
}

// hurry bounds the reading that is under way or about to begin. A read that
// starts after its deadline returns nothing even if bytes are there, therefore
// the deadline is moved before each read and lies a little ahead.
func (c *conn) hurry() { _ = c.sock.SetReadDeadline(time.Now().Add(lastWords)) }

// hand hands bytes over, and the error that reading ended with.
func (c *conn) hand(b []byte, err error) {
	c.mu.Lock()
	c.here, c.hereErr, c.armed = b, err, false
	c.mu.Unlock()
	c.report()
}

// report calls notify, never concurrently with itself: watcher and flusher may
// both have something to report. Who comes second leaves a mark and goes on,
// and who is first calls notify once more.
func (c *conn) report() {
	c.mu.Lock()
	notify := c.notify
	if c.aborted {
		notify = nil
	}
	c.mu.Unlock()
	if notify == nil || c.reports.Add(1) > 1 {
		return
	}
	for {
		due := c.reports.Load()
		notify()
		if c.reports.CompareAndSwap(due, 0) {
			return
		}
	}
}
