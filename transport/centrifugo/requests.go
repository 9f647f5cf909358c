package centrifugo

import (
	"bytes"
	"maps"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// maxPending is how many requests may be without an answer. A server that never
// answers would else collect them for as long as the connection lives.
const maxPending = 1 << 16

// request is a command whose reply is awaited.
type request struct {
	kind    kind
	message messages.MessageID
	method  string
	join    *transport.JoinRequest
}

type kind uint8

const (
	connecting kind = iota
	subscribing
	unsubscribing
	asking // for presence
	publishing
	calling
	refreshing
	subRefreshing
)

// number is the id that follows another one. Ids have 32 bits and come round on a
// connection that lives for long: 0 is no id, and those that are awaited are left
// out.
func (s *session) number(id uint32) uint32 {
	for id++; ; id++ {
		if _, taken := s.pending[id]; id != 0 && !taken {
			return id
		}
	}
}

// await remembers what a command asked, once it is certain to be written.
func (s *session) await(id uint32, r request) {
	s.last, s.pending[id] = id, r
	if len(s.pending) > maxPending {
		s.forget()
	}
}

// forget gives up the older half of what has no answer. Messages among it end by
// their acknowledgement's deadline, questions about rooms by theirs.
func (s *session) forget() {
	maps.DeleteFunc(s.pending, func(id uint32, q request) bool {
		old := s.last-id >= maxPending/2
		if old && q.kind == unsubscribing {
			s.end(q.join.Room)
		}
		return old
	})
}

// write sends commands in one frame, a line each, after the pong that is owed.
func (s *session) write(link transport.Link, commands ...command) error {
	var frame bytes.Buffer
	if s.owed {
		frame.WriteString(pong)
	}
	for _, c := range commands {
		text, err := line(c)
		if err != nil {
			return &messages.Error{Op: "send", Reason: messages.Because(messages.ReasonInvalidMessage, "%v", err), Err: err}
		}
		if frame.Len() > 0 {
			frame.WriteByte('\n')
		}
		frame.Write(text)
	}
	if err := link.Write(transport.Frame{Kind: transport.FrameText, Data: frame.Bytes()}); err != nil {
		return err
	}
	s.owed = false
	return nil
}

const pong = "{}"

// beat answers the server's heartbeat. When the socket is full, the answer goes
// with the next frame: the server waits some seconds for it, and takes one that
// it did not ask for as an offence (3501).
func (s *session) beat(link transport.Link) error {
	s.owed = true
	if err := s.write(link); err != nil && !busy(err) {
		return err
	}
	return nil
}

// busy reports whether the socket will take a frame later.
func busy(err error) bool {
	return err != nil && transport.ReasonOf(err, messages.ReasonWriteError).Code == messages.ReasonSlowConsumer
}
