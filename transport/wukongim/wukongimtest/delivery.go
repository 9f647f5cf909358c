package wukongimtest

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// delivery is a RECV that was not acknowledged yet.
type delivery struct {
	message *Message
	packet  wire.Recv // plain
	tries   int       // how often it was sent again
	timer   *time.Timer
}

// deliver sends a message to everybody who is online, but not to where it comes from.
// s.mu is held.
func (s *Server) deliver(m *Message, from *Conn) {
	if !s.transient && !m.stored() {
		return
	}
	uids := s.world.channel(m.place()).subscribers.list
	if m.ChannelType == person {
		uids = []string{m.ChannelID}
		if m.From != m.ChannelID {
			uids = append(uids, m.From)
		}
	}
	for _, uid := range uids {
		u := s.world.users[uid]
		if u == nil {
			continue
		}
		for _, c := range slices.Clone(u.conns) {
			if c != from {
				c.hand(m)
			}
		}
	}
}

// hand sends a message to the connection. s.mu is held.
func (c *Conn) hand(m *Message) {
	if c.faults.skips() {
		return
	}
	d := &delivery{message: m, packet: c.recvOf(m)}
	if m.NoPersist { // nobody waits for its acknowledgement
		c.recv(d)
		return
	}
	c.unacked = append(c.unacked, d)
	c.recv(d)
	c.expect(d)
}

// recvOf is what the connection's user gets of a message.
func (c *Conn) recvOf(m *Message) wire.Recv {
	own := m.From == c.device.uid
	p := wire.Recv{
		Flags: m.flags(), FromUID: m.From, ChannelID: m.ChannelID, ChannelType: m.ChannelType, ClientMsgNo: m.ClientMsgNo,
		MessageID: m.ID, MessageSeq: m.Seq, Timestamp: int32(m.At.Unix()), Payload: m.Payload,
	}
	if c.server.settings {
		p.Setting, p.Topic, p.Expire = m.setting, m.Topic, m.Expire
	}
	if own && !c.server.ownRedDot {
		p.Flags &^= wire.RedDot
	}
	if m.ChannelType == person && !own {
		p.ChannelID = m.From
	}
	return p
}

// recv writes a RECV. s.mu is held.
func (c *Conn) recv(d *delivery) {
	p := d.packet
	line := fmt.Sprintf("RECV %s/%d seq=%d from=%s %s", p.ChannelID, p.ChannelType, p.MessageSeq, p.FromUID, describe(p.Payload, p.Flags))
	if c.rpc {
		c.call(line, p.AppendJSON(nil))
		return
	}
	if forgery := c.faults.forges(); forgery != 0 {
		c.frame(line+" forged", forgery.of(c, p))
		return
	}
	c.frame(line, sealed{c.ours, &p})
}

// sealed is a RECV that is encrypted when it is written.
type sealed struct {
	cipher *wire.Cipher
	plain  *wire.Recv
}

// Append appends the frame.
func (p sealed) Append(b []byte, version byte) ([]byte, error) {
	return p.cipher.AppendRecv(b, version, p.plain)
}

// expect sends a RECV again by and by, until it is acknowledged. s.mu is held.
func (c *Conn) expect(d *delivery) {
	s := c.server
	if s.patience == 0 || d.tries == s.redeliveries {
		return
	}
	due := time.Since(s.began) + s.patience
	scan := (due + s.scan - 1).Truncate(s.scan)
	d.timer = c.later(time.Until(s.began.Add(scan)), func() { c.redeliver(d) })
}

// redeliver sends a RECV again. s.mu is held.
func (c *Conn) redeliver(d *delivery) {
	c.cancel(d.timer)
	d.tries++
	c.recv(d)
	c.expect(d)
}

// recvack takes the acknowledgement of a RECV. s.mu is held.
func (c *Conn) recvack(p wire.Recvack) {
	s := c.server
	c.note("us>   ", fmt.Sprintf("RECVACK seq=%d%s", p.MessageSeq, flagNames(p.Flags)))
	s.acks = append(s.acks, Ack{
		UID: c.device.uid, Device: c.device.flag, DeviceID: c.device.id, MessageID: p.MessageID, Seq: p.MessageSeq, At: time.Now(),
		NoPersist: p.Flags&wire.NoPersist != 0, RedDot: p.Flags&wire.RedDot != 0, SyncOnce: p.Flags&wire.SyncOnce != 0,
	})
	if p.Flags&wire.NoPersist != 0 {
		return // of a message that nobody waits for, as far as the server knows
	}
	c.unacked = slices.DeleteFunc(c.unacked, func(d *delivery) bool {
		if d.message.ID == p.MessageID {
			c.cancel(d.timer)
		}
		return d.message.ID == p.MessageID
	})
}

// described is how much of a payload a transcript shows.
const described = 60

// describe is a payload and the flags of its packet.
func describe(payload []byte, flags wire.Flags) string {
	text, rest := payload, ""
	if len(text) > described {
		text, rest = text[:described], fmt.Sprintf("... %d bytes", len(payload))
	}
	return strconv.Quote(string(text)) + rest + flagNames(flags)
}

// flagNames are the flags' names, each after a space.
func flagNames(flags wire.Flags) (names string) {
	for _, f := range []struct {
		flag wire.Flags
		name string
	}{{wire.NoPersist, "noPersist"}, {wire.RedDot, "redDot"}, {wire.SyncOnce, "syncOnce"}, {wire.DUP, "dup"}} {
		if flags&f.flag != 0 {
			names += " " + f.name
		}
	}
	return names
}
