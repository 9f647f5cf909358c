package wukongimtest

import (
	"bytes"
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// carried are the settings that a RECV has from its SEND.
const carried = wire.Receipt | wire.Signal | wire.Topic

// send handles a message of the client; id is that of the call. s.mu is held.
func (c *Conn) send(p wire.Send, id string) {
	plain, err := c.open(&p)
	c.note("us>   ", fmt.Sprintf("SEND %s/%d %s", p.ChannelID, p.ChannelType, describe(plain, p.Flags)))
	if err != nil {
		if !c.server.complains {
			c.hangUp(closed)
			return
		}
		c.sendack(&p, id, verdict{reason: payloadDecodeError})
		return
	}
	m := &Message{
		ClientMsgNo: p.ClientMsgNo, From: c.device.uid, ChannelID: p.ChannelID, ChannelType: p.ChannelType,
		Payload: bytes.Clone(plain), Topic: p.Topic, Expire: p.Expire, setting: p.Setting & carried,
		NoPersist: p.Flags&wire.NoPersist != 0, RedDot: p.Flags&wire.RedDot != 0, SyncOnce: p.Flags&wire.SyncOnce != 0,
	}
	v := c.server.admit(m)
	if v.reason != success {
		c.sendack(&p, id, v)
		return
	}
	v = c.server.keep(m)
	if c.server.acksFirst {
		c.sendack(&p, id, v)
	}
	if v.fresh {
		c.server.deliver(m, c)
	}
	if !c.server.acksFirst {
		c.sendack(&p, id, v)
	}
}

// open is the plain payload of a SEND. One that says it is plain is an error where
// that is not allowed.
func (c *Conn) open(p *wire.Send) ([]byte, error) {
	if p.Setting.Has(wire.NoEncrypt) && c.ours != nil {
		if !c.server.plain {
			return nil, wire.ErrGarbled
		}
		return p.Payload, nil
	}
	return c.ours.OpenSend(p)
}

// verdict is what became of a message.
type verdict struct {
	reason byte
	id     int64
	seq    uint64
	fresh  bool // it is not one that was there
}

// admit says whether the sender may send the message.
func (s *Server) admit(m *Message) verdict {
	reason := success
	ch := s.world.channel(m.place())
	if m.ChannelType == person {
		if to := s.world.users[m.ChannelID]; to != nil && to.blacklist.has(m.From) {
			reason = inBlacklist
		}
	} else {
		switch {
		case !ch.exists:
			reason = s.noChannel
		case ch.disbanded:
			reason = disband
		case ch.banned:
			reason = ban
		case ch.blacklist.has(m.From):
			reason = inBlacklist
		case !ch.subscribers.has(m.From):
			reason = subscriberNotExist
		}
	}
	return verdict{reason: reason}
}

// keep numbers a message and puts it into its channel, unless it is there.
func (s *Server) keep(m *Message) verdict {
	ch := s.world.channel(m.place())
	name := known{m.From, m.ClientMsgNo}
	if s.deduplicates && m.ClientMsgNo != "" {
		if old := ch.known[name]; old != nil {
			if !bytes.Equal(old.Payload, m.Payload) {
				return verdict{reason: systemError}
			}
			return verdict{reason: success, id: old.ID, seq: old.Seq}
		}
	}
	m.At = time.Now()
	m.ID = s.world.nextID()
	switch {
	case m.NoPersist:
	case m.SyncOnce:
		ch.commands++
		m.Seq = ch.commands
	default:
		ch.seq++
		m.Seq = ch.seq
		ch.messages = append(ch.messages, m)
	}
	s.received = append(s.received, *m)
	v := verdict{reason: success, id: m.ID, seq: m.Seq, fresh: true}
	if s.deduplicates && m.ClientMsgNo != "" && !m.NoPersist {
		ch.known[name] = m
	}
	if m.NoPersist && !s.transient {
		v.id = 0
	}
	return v
}

// sendack answers a message.
func (c *Conn) sendack(p *wire.Send, id string, v verdict) {
	if c.stage == zombie {
		return
	}
	ack := wire.Sendack{MessageID: v.id, ClientSeq: p.ClientSeq, MessageSeq: v.seq, Reason: v.reason}
	if c.server.echoes {
		ack.Flags = p.Flags
	}
	if c.server.names {
		ack.ClientMsgNo = p.ClientMsgNo
	}
	line := fmt.Sprintf("SENDACK %d seq=%d%s", v.reason, v.seq, flagNames(ack.Flags))
	c.faults.acknowledge(func() {
		if c.rpc {
			c.call(line, ack.AppendJSON(nil, id))
			return
		}
		c.frame(line, &ack)
	})
}

// warmUp waits for a channel whose first message it is, or whose first message is on
// its way: later messages of the connection wait behind it.
func (c *Conn) warmUp(f wire.Frame) {
	c.server.mu.Lock()
	wait := c.server.cold(c, f)
	c.server.mu.Unlock()
	if wait <= 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.line.Done():
	}
}

// cold is how long the message's channel takes to be there.
func (s *Server) cold(c *Conn, f wire.Frame) time.Duration {
	p, err := f.Send(c.version)
	if err != nil || c.stage != online {
		return 0
	}
	ch := s.world.channel(placeOf(c.device.uid, p.ChannelID, p.ChannelType))
	return ch.warm(s.first)
}

// warm is how long the channel takes to be there; it begins with the first who asks.
func (ch *channel) warm(first time.Duration) time.Duration {
	if !ch.exists {
		return 0
	}
	if ch.ready.IsZero() {
		ch.ready = time.Now().Add(first)
	}
	return time.Until(ch.ready)
}
