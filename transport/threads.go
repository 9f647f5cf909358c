package transport

import (
	"net"
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

// threads is the driver of any net.Conn. It has at most two goroutines:
//
//   - the watcher, from Watch to the end, waits for bytes, hands them over and
//     waits until they were parsed and more is wanted. It reads, it never writes.
//   - the flusher, while there is something to write. It writes, it never reads.
//
// All fields that change belong to the connection's mu.
type threads struct {
	c    *conn
	sock net.Conn // bytes go through it: TCP, TLS, a pipe
	raw  net.Conn // what is closed in the end: under TLS, the socket itself

	wanted   *sync.Cond // signalled when armed or aborted changes
	armed    bool       // more bytes are wanted
	here     []byte     // read by the watcher, not taken yet
	hereErr  error      // what reading ended with, after here
	flushing bool
	until    time.Time // reading goes on, since writing has ended

	shut     sync.Once // closes raw
	watcher  sync.WaitGroup
	flushers sync.WaitGroup
}

func newThreads(c *conn, sock, raw net.Conn) *threads {
	return &threads{c: c, sock: sock, raw: raw, armed: true, wanted: sync.NewCond(&c.mu)}
}

func (d *threads) watch() { employ(&d.watcher, d.read) }

// employ gives work to a goroutine. Who is reported to may end it by runtime.Goexit;
// then another one goes on.
func employ(group *sync.WaitGroup, work func()) {
	group.Go(func() {
		ended := false
		defer func() {
			if !ended {
				employ(group, work)
			}
		}()
		work()
		ended = true
	})
}

// read is the watcher. It holds a small buffer while it waits and a big one,
// borrowed, after a read that filled the small one.
func (d *threads) read() {
	idle := make([]byte, idleRead)
	buffer := idle
	var busy *[busyRead]byte
	full := false
	for d.asked() {
		// Only now are the bytes of the last read parsed and the buffer free.
		switch {
		case full && busy == nil:
			busy = busyBuffers.Get().(*[busyRead]byte)
			buffer = busy[:]
		case !full && busy != nil:
			busyBuffers.Put(busy)
			busy, buffer = nil, idle
		}
		n, err := d.sock.Read(buffer)
		full = n == len(buffer)
		d.hand(buffer[:n], err)
		if err != nil {
			return
		}
	}
}

// asked waits until more bytes are wanted, and returns false if none will be.
func (d *threads) asked() bool {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	for !d.armed && !d.c.aborted {
		d.wanted.Wait()
	}
	if d.c.writeErr != nil {
		d.hurry()
	}
	return !d.c.aborted
}

// hurry bounds the reading that is under way or about to begin. A read that
// starts after its deadline returns nothing even if bytes are there, therefore
// the deadline is moved before each read and lies a little ahead: but only a
// little, or a peer that says something now and then is heard for ever.
func (d *threads) hurry() {
	now := time.Now()
	if d.until.IsZero() {
		d.until = now.Add(lastWords)
	}
	deadline := d.until
	if soon := now.Add(lastWords / 10); soon.After(deadline) {
		deadline = soon
	}
	_ = d.sock.SetReadDeadline(deadline)
}

// hand hands bytes over, and the error that reading ended with.
func (d *threads) hand(b []byte, err error) {
	d.c.mu.Lock()
	d.here, d.hereErr, d.armed = b, err, false
	d.c.mu.Unlock()
	d.report()
}

// report lets nothing keep the goroutine that reads or writes.
func (d *threads) report() {
	if rest := d.c.report(); rest != nil {
		go rest()
	}
}

// take gets what the watcher has, or arms it.
//
// The bytes that were handed over are parsed entirely before the watcher is
// armed, because it reads into the same buffer again.
func (d *threads) take() ([]byte, error) {
	d.c.mu.Lock()
	defer d.c.mu.Unlock()
	switch b := d.here; {
	case len(b) > 0:
		d.here = nil
		return b, nil
	case d.hereErr != nil:
		return nil, d.hereErr
	}
	d.armed = true
	d.wanted.Signal()
	return nil, ErrWouldBlock
}

// wake starts the flusher, if it is not there.
func (d *threads) wake() {
	if !d.flushing {
		d.flushing = true
		employ(&d.flushers, d.flush)
	}
}

// flush is the flusher: it writes until nothing waits.
func (d *threads) flush() {
	var pong [maxPong]byte
	for {
		d.c.mu.Lock()
		out, step := d.c.next(pong[:0])
		if step == stepRest {
			d.flushing = false
			_ = d.sock.SetWriteDeadline(time.Time{})
			d.c.mu.Unlock()
			return
		}
		d.c.mu.Unlock()
		if step == stepEnd {
			d.closeWrite()
			continue
		}
		_ = d.sock.SetWriteDeadline(time.Now().Add(d.c.limits().writeTimeout))
		n, err := d.sock.Write(out)
		d.c.mu.Lock()
		news := d.c.took(n, step, err)
		d.c.mu.Unlock()
		if news {
			d.report()
		}
	}
}

// closeWrite ends the stream of this side: TLS says so with a close-notify. What
// goes wrong with it shows when reading.
func (d *threads) closeWrite() {
	if sock, ok := d.sock.(interface{ CloseWrite() error }); ok {
		_ = sock.CloseWrite()
	}
}

// bury closes the socket and waits for both goroutines. The socket under TLS is
// closed without a close-notify, which could block.
//
// No flusher starts after Abort has set aborted, and none but the running one
// is waited for: Write, Close and pings look at aborted under the same lock.
func (d *threads) bury(leaving bool) {
	d.wanted.Broadcast()
	if leaving {
		timer := time.AfterFunc(goodbye, d.closeRaw)
		d.flushers.Wait()
		timer.Stop()
	}
	d.closeRaw()
	d.flushers.Wait()
	d.watcher.Wait()
	d.c.mu.Lock()
	d.here = nil
	d.c.mu.Unlock()
}

// closeRaw closes the socket. Whoever comes second waits for the first.
func (d *threads) closeRaw() {
	d.shut.Do(func() { _ = d.raw.Close() })
}
