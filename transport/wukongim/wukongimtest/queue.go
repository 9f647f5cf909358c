package wukongimtest

import (
	"strings"

	"github.com/seed14814784/holdfast/transport/wstest"
)

// parcel is something to write, or the end of the connection.
type parcel struct {
	data []byte
	text bool
	end  ending
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
