package wukongimtest

import (
	"strconv"
	"time"

	"github.com/seed14814784/holdfast/transport/wstest"
)

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
