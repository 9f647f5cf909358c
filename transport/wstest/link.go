package wstest

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// linger is how long a dropped TCP connection waits for the client to close
// too, so that unread bytes do not turn the EOF into a reset.
const linger = time.Second

// longAgo is a deadline that makes a blocked read return.
var longAgo = time.Unix(1, 0)

// link is the server's end of a connection, below TLS, where connections go
// half-open, become slow, and end.
type link struct {
	net.Conn
	over chan struct{} // closed at the end, whoever caused it

	mu       sync.Mutex
	ended    bool
	dropped  bool
	halfOpen bool
	portion  int           // most bytes of one read; 0 is any number
	pause    time.Duration // after each read
}

func newLink(raw net.Conn) *link { return &link{Conn: raw, over: make(chan struct{})} }

// isOver reports whether our side ended the link. It waits for an end that has
// begun: whoever reads may learn of that from the socket before over is closed,
// and must not take it for something that the client did.
func (l *link) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// Read blocks for ever on a half-open link, and is interrupted by its end.
func (l *link) Read(b []byte) (int, error) {
	for {
		l.mu.Lock()
		ended, halfOpen, portion, pause := l.ended, l.halfOpen, l.portion, l.pause
		l.mu.Unlock()
		if ended {
			return 0, net.ErrClosed
		}
		if halfOpen {
			<-l.over
			continue
		}
		if portion > 0 {
			b = b[:min(len(b), portion)]
		}
		n, err := l.Conn.Read(b)
		if n == 0 && isTimeout(err) {
			continue // something changed; look again
		}
		if pause > 0 && n > 0 {
			l.wait(pause)
		}
		return n, err
	}
}

func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

func (l *link) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.over:
	}
}

// Write loses what is written to a half-open link.
func (l *link) Write(b []byte) (int, error) {
	l.mu.Lock()
	lost := l.halfOpen
	l.mu.Unlock()
	if lost {
		return len(b), nil
	}
	return l.Conn.Write(b)
}

// freeze makes the link half-open.
func (l *link) freeze() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended {
		l.halfOpen = true
		_ = l.Conn.SetReadDeadline(longAgo)
	}
}

func (l *link) slow(portion int, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.portion, l.pause = portion, pause
}

// end ends the link once: the first caller decides how.
func (l *link) end(how func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return false
	}
	l.ended = true
	how()
	close(l.over)
	return true
}

// drop sends an EOF. finish closes the socket.
func (l *link) drop() bool {
	return l.end(func() {
		tcp, ok := l.Conn.(*net.TCPConn)
		if !ok {
			_ = l.Conn.Close()
			return
		}
		l.dropped = true
		_ = tcp.CloseWrite()
		_ = l.Conn.SetDeadline(longAgo)
	})
}

// reset breaks the connection.
func (l *link) reset() bool {
	return l.end(func() {
		switch conn := l.Conn.(type) {
		case *net.TCPConn:
			_ = conn.SetLinger(0)
		case interface{ Reset() }:
			conn.Reset()
		}
		_ = l.Conn.Close()
	})
}

// abort closes the socket at once, also one that was dropped and lingers.
func (l *link) abort() {
	l.end(func() {})
	_ = l.Conn.Close()
}

// finish closes the socket after the end; nobody reads any more.
func (l *link) finish() {
	l.drop()
	l.mu.Lock()
	dropped := l.dropped
	if dropped {
		_ = l.Conn.SetReadDeadline(time.Now().Add(linger))
	}
	l.mu.Unlock()
	if dropped {
		_, _ = io.Copy(io.Discard, l.Conn)
	}
	_ = l.Conn.Close()
}
