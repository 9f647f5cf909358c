package wukongim

import (
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// session is one connection, from its login on.
type session struct {
	*protocol
	uid    string
	device string
	nonce  string // of the channel's life: begins the names of our messages
	token  messages.Token
	memory *memory
	tongue tongue
	keys   wire.KeyPair

	opened time.Time // when the login was sent
	up     bool

	seq   uint32            // clientSeq of the last message
	sent  map[uint32]posted // messages without an answer, by clientSeq
	acks  []wire.Recvack    // for which the socket had no room
	syncs []*thread         // to be brought up to date before the login is ready
	busy  int               // of these, how many are under way
	sweep time.Time         // when rooms that nobody asked for are none any more; zero: there is none

	answered map[Channel]transport.Ticket // rooms that are joined on this connection
}

var (
	_ transport.RoomSession = (*session)(nil)
	_ transport.Taker       = (*session)(nil)
	_ transport.Asker       = (*session)(nil)
)

// memory is what the channel's next session needs to go on.
type memory struct {
	threads map[Channel]*thread
	seen    seen[int64]
	named   seen[string]                    // names of our messages that the program chose
	doubt   map[messages.MessageID]struct{} // messages that were sent and have no answer
	drops   bool                            // the server drops messages that it had
	silent  int                             // logins in a row that ended without a word
}

// Receive handles one frame.
func (s *session) Receive(link transport.Link, frame transport.Frame) error {
	if err := s.acknowledge(link); err != nil {
		return err
	}
	if !s.sweep.IsZero() && time.Now().After(s.sweep) {
		s.abandon(link)
	}
	return s.tongue.hear(s, link, frame)
}

// Heartbeat sends a PING.
func (s *session) Heartbeat(link transport.Link) error { return link.Write(s.tongue.ping()) }

// Bye closes without a word: servers make nothing of a client's DISCONNECT.
func (*session) Bye(transport.Link) (code int, text string) { return 1000, "" }

// disconnected takes the server's goodbye. It is for us to close: the server does not.
func (s *session) disconnected(_ transport.Link, p wire.Disconnect) error {
	return &messages.Error{Op: "receive", Reason: ReasonCode(p.Reason).disconnect(p.Text)}
}

// event hands on what is no message, by its type.
func (s *session) event(link transport.Link, p wire.Event) error {
	if !s.up {
		return malformed("an EVENT came before the CONNACK")
	}
	link.Deliver(messages.KindBinary, p.Type, p.Data)
	return nil
}

// Ending suspects the credentials of logins that end without a word, again and again.
func (s *session) Ending(reason messages.Reason) messages.Reason {
	if s.up || s.opened.IsZero() || s.token.Secret == (messages.Secret{}) || !wordless(reason.Code) || time.Since(s.opened) < patience {
		return reason
	}
	if s.memory.silent++; s.memory.silent < suspicious {
		return reason
	}
	return messages.Because(messages.ReasonAuthSuspected,
		"the server has ended %d logins after some seconds without a word, as it does with a token that is not that of the uid %q and the device %s",
		s.memory.silent, s.uid, s.Device)
}

const (
	// patience is how long a server takes at least to end a login that it does not
	// like: it waits for 6 s. What ends sooner was not about the login.
	patience = 2 * time.Second
	// suspicious is how many of these are no accident.
	suspicious = 2
)

// wordless reports whether a connection ended as a server ends one without a reason.
func wordless(code messages.Code) bool {
	switch code {
	case messages.ReasonReadEOF, messages.ReasonReadError, messages.ReasonPeerClose, messages.ReasonAbnormalClosure:
		return true
	}
	return false
}
