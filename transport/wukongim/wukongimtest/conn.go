package wukongimtest

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed14814784/holdfast/transport/wstest"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// stage is how far a connection is.
type stage uint8

const (
	fresh   stage = iota // there was no CONNECT yet
	refused              // its CONNECT was refused, and nobody says so
	online
	fading // lost its place, and does not show it yet
	zombie // lost its place: nothing is answered any more
	ended
)

// Conn is the server's side of one connection. Its methods may be called from any
// goroutine; after its end they do nothing.
type Conn struct {
	server  *Server
	line    *wstest.Conn
	web     bool
	writing sync.WaitGroup // the writing goroutine
	wake    chan struct{}  // there is something in the queue

	// Of the reading goroutine.
	decided bool // whether it is JSON-RPC
	decoder wire.Decoder
	texts   []byte // the beginning of a call

	// The server's mutex guards the rest.
	stage    stage
	number   uint64 // its id, for /conn/kick
	upgraded bool
	device   device
	level    byte
	version  byte
	rpc      bool
	stuck    bool        // waits for the rest of something that never comes
	poison   *wire.Fault // answers everything, with the id of what was not understood
	poisoned string
	ours     *wire.Cipher
	heard    time.Time // the last packet
	logged   time.Time // the login
	in, out  int       // packets
	queue    []parcel
	timers   map[*time.Timer]struct{}
	unacked  []*delivery
	faults   faults
}

// parcel is something to write, or the end of the connection.
type parcel struct {
	data []byte
	text bool
	end  ending
}

// ending is how the server ends a connection.
type ending uint8

const (
	never  ending = iota
	eof           // without a word
	closed        // as the profile does: a WebSocket may say goodbye
)

// UID is who logged in on the connection.
func (c *Conn) UID() string { return c.device.uid }

// Device is the device flag of the login.
func (c *Conn) Device() byte { return c.device.flag }

// DeviceID is the device id of the login.
func (c *Conn) DeviceID() string { return c.device.id }

// Version is the version of the protocol that was agreed on.
func (c *Conn) Version() byte {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.version
}

// Zombie reports whether the connection lost its place: nothing that the client says
// is answered any more.
func (c *Conn) Zombie() bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	return c.stage == zombie
}

// Done is closed when the connection has ended, whoever ended it.
func (c *Conn) Done() <-chan struct{} { return c.line.Done() }

// serveTCP is the life of a connection over TCP.
func (s *Server) serveTCP(line *wstest.Conn) {
	c := s.accept(line, false)
	defer c.finish()
	line.Plain()
	buffer := make([]byte, 4<<10)
	for {
		n, err := line.Read(buffer)
		c.take(buffer[:n])
		if err != nil {
			return
		}
	}
}

// serveWS is the life of a connection over WebSocket.
func (s *Server) serveWS(line *wstest.Conn) {
	c := s.accept(line, true)
	defer c.finish()
	if request := line.ReadRequest(); !s.anyPath && request.URL.Path != "/" {
		line.Refuse(404)
		return
	}
	if s.code == 0 {
		line.DropOnClose()
	}
	line.Upgrade()
	s.mu.Lock()
	c.upgraded = true
	s.mu.Unlock()
	for m := range line.Messages() {
		if m.Fragmented && s.tolerant {
			c.stick()
			continue
		}
		c.take(m.Data)
	}
}

// accept begins a connection.
func (s *Server) accept(line *wstest.Conn, web bool) *Conn {
	c := &Conn{
		server: s, line: line, web: web, wake: make(chan struct{}, 1),
		timers: make(map[*time.Timer]struct{}), heard: time.Now(),
	}
	c.writing.Go(c.write)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		c.hangUp(eof)
		return c
	}
	s.conns = append(s.conns, c)
	if s.speechless > 0 {
		c.later(s.speechless, func() {
			if c.stage == fresh {
				c.hangUp(closed)
			}
		})
	}
	c.watch(s.idle)
	return c
}

// watch ends the connection when nothing was heard for too long.
func (c *Conn) watch(left time.Duration) {
	c.later(left, func() {
		if left := time.Until(c.heard.Add(c.server.idle)); left > 0 {
			c.watch(left)
			return
		}
		c.hangUp(closed)
	})
}

// finish waits for everything that belongs to the connection.
func (c *Conn) finish() {
	s := c.server
	s.mu.Lock()
	if c.stage != ended {
		c.note("us>   ", "eof")
	}
	c.leave()
	for t := range c.timers {
		c.cancel(t)
	}
	s.forget(c)
	s.mu.Unlock()
	c.line.Drop()
	c.writing.Wait()
}

// hangUp ends the connection when everything was written. s.mu is held.
func (c *Conn) hangUp(how ending) {
	if c.stage == ended || how == closed && c.faults.frozen {
		return
	}
	line := "eof"
	if how == closed {
		if c.web && c.upgraded && c.server.code != 0 {
			line = "close " + strconv.Itoa(c.server.code)
		} else {
			how = eof
		}
	}
	c.note("peer> ", line)
	c.leave()
	c.push(parcel{end: how})
}

// later calls do after a while with s.mu held, unless the connection has ended. s.mu
// is held.
func (c *Conn) later(after time.Duration, do func()) *time.Timer {
	s := c.server
	s.running.Add(1)
	var timer *time.Timer
	timer = time.AfterFunc(after, func() {
		defer s.running.Done()
		defer s.guard()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(c.timers, timer)
		if c.stage != ended {
			do()
		}
	})
	c.timers[timer] = struct{}{}
	return timer
}

// cancel stops a timer of later. s.mu is held.
func (c *Conn) cancel(timer *time.Timer) {
	if timer != nil && timer.Stop() {
		c.server.running.Done()
	}
	delete(c.timers, timer)
}

// push puts something into the queue. s.mu is held.
func (c *Conn) push(p parcel) {
	c.queue = append(c.queue, p)
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// write writes what is in the queue, until the end.
func (c *Conn) write() {
	for {
		select {
		case <-c.wake:
		case <-c.line.Done():
			return
		}
		c.server.mu.Lock()
		queue := c.queue
		c.queue = nil
		c.server.mu.Unlock()
		for _, p := range queue {
			c.post(p)
		}
	}
}

func (c *Conn) post(p parcel) {
	switch {
	case p.end != never:
		if code := c.server.code; p.end == closed {
			c.line.WriteFrame(wstest.Frame{Op: wstest.OpClose, Data: []byte{byte(code >> 8), byte(code)}})
		}
		c.line.Drop()
	case !c.web:
		c.line.WriteRaw(p.data)
	case p.text:
		c.line.Send(string(p.data))
	default:
		c.line.SendBinary(p.data)
	}
}

// note writes a line of the transcript. s.mu is held.
func (c *Conn) note(who, line string) {
	if c.device.uid != "" {
		who += " " + c.device.uid
	}
	c.server.transcript.Add("%s %s", who, strings.TrimSpace(line))
}
