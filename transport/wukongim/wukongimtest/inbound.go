package wukongimtest

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// take handles what arrived: any split of frames, or of calls.
func (c *Conn) take(data []byte) {
	for !c.decided && len(data) > 0 {
		switch data[0] {
		case ' ', '\t', '\r', '\n':
			data = data[1:]
		default:
			c.decided = true
			c.decide(data[0] == '{')
		}
	}
	if c.rpc { // only this goroutine changes it
		c.takeCalls(data)
		return
	}
	for {
		f, rest, ok, err := c.decoder.Next(data)
		if err != nil {
			c.malformed(err)
			return
		}
		if !ok {
			return
		}
		data = rest
		if f.Type == wire.TypeSend && c.server.first > 0 {
			c.warmUp(f)
		}
		c.packet(f)
	}
}

// decide says what the connection speaks.
func (c *Conn) decide(rpc bool) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if rpc && !c.server.behaviour.rpc {
		c.hangUp(closed)
	}
	c.rpc = rpc
}

// malformed ends the connection of a client that sends what is no frame, or waits for
// what is too much to ever come.
func (c *Conn) malformed(err error) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.server.tolerant && errors.Is(err, messages.ReasonFrameTooLarge) {
		c.stuck = true
		return
	}
	c.hangUp(closed)
}

// stick makes the connection wait for ever for the rest of something.
func (c *Conn) stick() {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.stuck = true
}

// hears reports whether something that arrived is looked at at all. s.mu is held.
func (c *Conn) hears() bool {
	if c.stage == ended || c.stuck {
		return false
	}
	c.heard = time.Now()
	c.in++
	return true
}

// packet does what a frame asks for.
func (c *Conn) packet(f wire.Frame) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if !c.hears() {
		return
	}
	if f.Type == wire.TypeConnect {
		p, err := f.Connect()
		if err != nil {
			c.hangUp(closed)
			return
		}
		c.login(p, "")
		return
	}
	switch c.stage {
	case fresh:
		c.hangUp(closed)
		return
	case refused, ended:
		return
	default:
	}
	var err error
	switch f.Type {
	case wire.TypePing:
		c.pong("")
	case wire.TypeSend:
		var p wire.Send
		if p, err = f.Send(c.version); err == nil {
			c.send(p, "")
		}
	case wire.TypeRecvack:
		var p wire.Recvack
		if p, err = f.Recvack(c.version); err == nil {
			c.recvack(p)
		}
	case wire.TypeDisconnect:
		var p wire.Disconnect
		if p, err = f.Disconnect(); err == nil {
			c.note("us>   ", fmt.Sprintf("DISCONNECT %d %q", p.Reason, p.Text))
			c.unwanted()
		}
	case wire.TypeSub:
		var p wire.Sub
		if p, err = f.Sub(); err == nil {
			c.note("us>   ", fmt.Sprintf("SUB %s/%d", p.ChannelID, p.ChannelType))
			c.unwanted()
		}
	default:
		c.unwanted()
	}
	if err != nil {
		c.hangUp(closed)
	}
}

// unwanted is what becomes of packets that mean nothing to the server.
func (c *Conn) unwanted() {
	if !c.server.tolerant {
		c.hangUp(closed)
	}
}

// pong answers a ping. id is that of the call.
func (c *Conn) pong(id string) {
	switch {
	case c.stage == zombie:
	case c.rpc:
		c.call("", wire.Pong{}.AppendJSON(nil, id))
	default:
		c.frame("", wire.Pong{})
	}
}

// packet is what has a frame.
type packet interface {
	Append(b []byte, version byte) ([]byte, error)
}

// frame says something as a frame. s.mu is held.
func (c *Conn) frame(line string, p packet) {
	data, err := p.Append(nil, c.version)
	if err != nil {
		panic(err) // what clients sent fits, and so does what we make of it
	}
	c.say(line, parcel{data: data})
}

// call says something as a call. s.mu is held.
func (c *Conn) call(line string, text []byte) { c.say(line, parcel{data: text, text: true}) }

// say writes a line down, unless it is empty, and sends what it stands for.
func (c *Conn) say(line string, p parcel) {
	if c.stage == ended || c.faults.silent {
		return
	}
	if line != "" {
		c.note("peer> ", line)
	}
	c.out++
	c.push(p)
}
