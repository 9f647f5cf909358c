package wukongim

import (
	"fmt"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// posted is a message without an answer.
type posted struct {
	id      messages.MessageID
	name    string // its clientMsgNo
	channel Channel
	apart   bool // it has no place in the channel's sequence
}

// maxPosted bounds the answers that are awaited. Beyond it the oldest is not: its
// message is in doubt already.
const maxPosted = 1 << 16

// Send sends a message to its room, or to where its [Head] says.
func (s *session) Send(link transport.Link, id messages.MessageID, m messages.Message) error {
	head, to, err := headOf(m)
	if err != nil {
		return err
	}
	p := wire.Send{
		Flags: head.flags(), Setting: head.setting(), ClientSeq: s.seq + 1, ClientMsgNo: head.ClientMsgNo,
		ChannelID: to.ID, ChannelType: byte(to.Type), Topic: head.Topic, Payload: m.Data,
		Expire: uint32(min((head.Expire+time.Second-1)/time.Second, 1<<32-1)),
	}
	named := p.ClientMsgNo != ""
	if !named {
		p.ClientMsgNo = fmt.Sprintf("%s-%d", s.nonce, id)
	}
	if _, again := s.memory.doubt[id]; again {
		p.Flags |= wire.DUP
	}
	frame, err := s.tongue.send(&p)
	if err != nil {
		return err
	}
	if err := link.Write(frame); err != nil {
		return err
	}
	if named {
		s.memory.named.done(p.ClientMsgNo)
	}
	s.seq++
	delete(s.sent, s.seq-maxPosted)
	sent := posted{id, p.ClientMsgNo, to, head.NoPersist || head.SyncOnce}
	if s.sent[s.seq] = sent; !sent.apart {
		s.thread(to).pending++
	}
	if len(s.memory.doubt) >= maxPosted {
		clear(s.memory.doubt)
	}
	s.memory.doubt[id] = struct{}{}
	return nil
}

// headOf is a message's head, and where it goes to.
func headOf(m messages.Message) (head Head, to Channel, err error) {
	head, ok := m.Meta.(Head)
	if !ok && m.Meta != nil {
		return head, to, invalidMessage("the Meta of a message is a %T; it has to be a wukongim.Head", m.Meta)
	}
	if head.Expire < 0 {
		return head, to, invalidMessage("Head.Expire is %s; it must not be negative", head.Expire)
	}
	switch to = head.Channel; {
	case m.Room == "" && to == (Channel{}):
		return head, to, invalidMessage("the message says neither room nor channel; use Room.Send, or wukongim.To(...).Message")
	case m.Room == "":
		err = to.check("send")
	default:
		to, err = ChannelOf(m.Room)
		if err == nil && head.Channel != (Channel{}) && head.Channel != to {
			return head, to, invalidMessage("Head.Channel is %s and the room is %s; leave one of them out", head.Channel, m.Room)
		}
	}
	if err != nil {
		reason, _ := messages.ReasonOf(err)
		return head, to, invalidMessage("%s", reason.Detail)
	}
	return head, to, nil
}

func invalidMessage(format string, args ...any) error {
	return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonInvalidMessage, format, args...)}
}

// sendack takes the answer to a message.
func (s *session) sendack(link transport.Link, p wire.Sendack) error {
	if !s.up {
		return malformed("a SENDACK came before the CONNACK")
	}
	m, ok := s.sent[p.ClientSeq]
	if !ok {
		s.Ignored.Add(1)
		return nil
	}
	s.settle(p.ClientSeq, m)
	if p.ClientMsgNo != "" {
		s.deduplicates(link) // only servers that do say it
	}
	reason := ReasonCode(p.Reason).send()
	ack := Ack{ID: p.MessageID, Seq: p.MessageSeq, ClientMsgNo: m.name}
	if reason.Code != messages.ReasonOK {
		link.Acknowledge(m.id, reason, nil)
		s.expelled(link, m.channel, ReasonCode(p.Reason), reason)
		ack.Seq = 0
	} else {
		link.Acknowledge(m.id, reason, ack)
	}
	return s.spoke(link, m, ack.Seq)
}

// settle notes that a message has its answer.
func (s *session) settle(seq uint32, m posted) {
	delete(s.sent, seq)
	delete(s.memory.doubt, m.id)
}

// deduplicates notes that the server drops messages that it had, for the connections
// that follow as well.
func (s *session) deduplicates(link transport.Link) {
	s.memory.drops = true
	link.Deduplicates()
}

// refused takes an error for an answer.
func (s *session) refused(link transport.Link, seq uint32, fault *wire.Fault) {
	if m, ok := s.sent[seq]; ok {
		s.settle(seq, m)
		reason := messages.Because(messages.ReasonNack, "the server did not understand the message")
		reason.Wire = messages.Wire{Scheme: scheme, Code: fault.Code, Text: brief(fault.Message)}
		link.Acknowledge(m.id, reason, nil)
	}
}
