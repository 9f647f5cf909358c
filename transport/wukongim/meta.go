package wukongim

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// Head is what a message of ours can say beside its payload. It is the Meta of a
// [messages.Message]; without one, a message counts as unread and is stored.
type Head struct {
	Channel     Channel       // where to; not needed in a room
	NoPersist   bool          // only for who is online: it is not stored and has no sequence number
	SyncOnce    bool          // a command: for one device of each recipient only, and kept apart from messages
	Silent      bool          // does not count as unread
	Receipt     bool          // a read receipt is asked for
	Topic       string        // within the channel
	Expire      time.Duration // the server may forget it after that, in whole seconds; 0: never
	ClientMsgNo string        // names the message for ever; empty: one is made that nobody else uses
}

// To is the head of a message to a channel that need not be joined.
func To(kind ChannelType, id string) Head { return Head{Channel: Channel{kind, id}} }

// Message is a message with this head.
func (h Head) Message(payload []byte) messages.Message {
	m := messages.Binary(payload)
	m.Meta = h
	return m
}

// Message is what the server says about a message that it delivers. It is the Meta of
// a [messages.Received].
type Message struct {
	ID          int64 // the server's; the same message has the same ID
	Seq         uint64
	From        string // the sender's uid
	Channel     Channel
	ClientMsgNo string    // the sender's
	At          time.Time // the server's clock, in whole seconds
	NoPersist   bool
	SyncOnce    bool
	RedDot      bool // counts as unread
	Receipt     bool // a read receipt is asked for
	Topic       string
	Expire      time.Duration
}

// Of is what the server says about a message; false if it is not one of WuKongIM.
func Of(m messages.Received) (Message, bool) {
	meta, ok := m.Meta.(Message)
	return meta, ok
}

// Ack is what the server said when it took a message. It is the Meta of a
// [messages.Outcome] that is Delivered.
type Ack struct {
	ID          int64
	Seq         uint64 // in its channel; 0: it is not stored
	ClientMsgNo string
}

// AckOf is what the server said when it took a message; false if it did not.
func AckOf(o messages.Outcome) (Ack, bool) {
	ack, ok := o.Meta.(Ack)
	return ack, ok
}

// flags are those of a message with this head.
func (h Head) flags() (f wire.Flags) {
	if h.NoPersist {
		f |= wire.NoPersist
	}
	if h.SyncOnce {
		f |= wire.SyncOnce
	}
	if !h.Silent {
		f |= wire.RedDot
	}
	return f
}

func (h Head) setting() (s wire.Setting) {
	if h.Receipt {
		s |= wire.Receipt
	}
	if h.Topic != "" {
		s |= wire.Topic
	}
	return s
}

// meta is what a RECV says.
func meta(p *wire.Recv) Message {
	return Message{
		ID: p.MessageID, Seq: p.MessageSeq, From: p.FromUID, Channel: Channel{ChannelType(p.ChannelType), p.ChannelID},
		ClientMsgNo: p.ClientMsgNo, At: time.Unix(int64(p.Timestamp), 0),
		NoPersist: p.Flags&wire.NoPersist != 0, SyncOnce: p.Flags&wire.SyncOnce != 0, RedDot: p.Flags&wire.RedDot != 0,
		Receipt: p.Setting.Has(wire.Receipt), Topic: p.Topic, Expire: time.Duration(p.Expire) * time.Second,
	}
}
