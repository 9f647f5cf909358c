package wukongim

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wukongim/internal/wire"
)

// The defaults of a client.
const (
	DefaultVersion       = 5
	DefaultHeartbeat     = 20 * time.Second
	DefaultConversations = 1_000
)

// Options say how a client introduces itself. The zero value logs in as the user
// whose uid is the ID of the channel, on a device of its own.
type Options struct {
	// UID is the user; "" is the ID of the channel, so that one protocol serves a
	// fleet of users. It must not have any of "@#&", which servers take for marks of
	// their own.
	UID string

	// Device is the kind of device; the token must be one of that kind.
	Device DeviceFlag

	// DeviceID names the device. Two logins with the same one replace each other
	// without a word, so "" makes one that no other channel has, for as long as the
	// channel is open.
	DeviceID string

	// Version is the latest version of the protocol to offer, 3 to 6; 0 is
	// DefaultVersion.
	Version byte

	// JSON speaks JSON-RPC instead of the binary protocol. It takes WebSocket, and
	// nothing is encrypted; newer servers do not know it.
	JSON bool

	// Anonymous logs in without a token, where a server does not check tokens.
	Anonymous bool

	// Heartbeat is how often to ask for a sign of life; 0 is DefaultHeartbeat, and
	// the channel's Keepalive.Interval is not looked at. One that is not answered
	// ends the connection when Keepalive.Grace has passed: a server that has
	// replaced us says nothing else.
	Heartbeat time.Duration

	// Syncer fetches what was missed; nil: nothing can be, and a gap in a channel's
	// sequence numbers is only counted.
	Syncer Syncer

	// Conversations is how many channels are remembered, to tell what was missed in
	// them; 0 is DefaultConversations. Joined rooms are remembered anyway.
	Conversations int

	// Rejected, if not nil, counts messages that were not delivered because they do
	// not verify; Gaps, those before which something is missing for good; Ignored,
	// what the server said and nobody waited for or understood.
	Rejected *atomic.Uint64
	Gaps     *atomic.Uint64
	Ignored  *atomic.Uint64
}

// New is the protocol of WuKongIM's clients. Options that will not do are reported
// when a channel is opened with it.
func New(options Options) transport.Protocol {
	options.Version = cmp.Or(options.Version, DefaultVersion)
	options.Heartbeat = cmp.Or(options.Heartbeat, DefaultHeartbeat)
	options.Conversations = cmp.Or(options.Conversations, DefaultConversations)
	for _, counter := range []**atomic.Uint64{&options.Rejected, &options.Gaps, &options.Ignored} {
		if *counter == nil {
			*counter = new(atomic.Uint64)
		}
	}
	return &protocol{options}
}

type protocol struct{ Options }

// Name is the scheme of WuKongIM's reasons.
func (*protocol) Name() string { return scheme }

func (*protocol) Traits() transport.Traits {
	return transport.Traits{Acknowledges: true, Rooms: true, RoomIDBytes: maxIDBytes}
}

// Check reports what is wrong with the options.
func (p *protocol) Check() error {
	var errs []error
	if err := checkUID(p.UID); p.UID != "" && err != nil {
		errs = append(errs, err)
	}
	if len(p.DeviceID) > maxIDBytes {
		errs = append(errs, invalid(scheme, "Options.DeviceID has %d bytes; it may have %d", len(p.DeviceID), maxIDBytes))
	}
	if p.Version < wire.VersionExpire || p.Version > wire.VersionWide {
		errs = append(errs, invalid(scheme, "Options.Version is %d; it is 3 to 6, and 0 means %d", p.Version, DefaultVersion))
	}
	if p.Heartbeat < 0 || p.Conversations < 0 {
		errs = append(errs, invalid(scheme, "Options.Heartbeat is %s and Options.Conversations is %d; neither may be negative", p.Heartbeat, p.Conversations))
	}
	return errors.Join(errs...)
}

// CheckChannel reports a channel that cannot log in as who its ID says.
func (p *protocol) CheckChannel(id messages.ChannelID) error {
	if p.UID != "" {
		return nil
	}
	return checkUID(string(id))
}

// checkUID says why a uid is none.
func checkUID(uid string) error {
	switch {
	case uid == "":
		return invalid(scheme, "the uid is empty")
	case len(uid) > maxIDBytes:
		return invalid(scheme, "the uid has %d bytes; it may have %d", len(uid), maxIDBytes)
	case strings.ContainsAny(uid, "@#&"):
		return invalid(scheme, "the uid %q has one of @, # and &; servers use them for marks of their own", brief(uid))
	}
	return nil
}

// NewSession begins on a fresh connection.
func (p *protocol) NewSession(opening transport.Opening) transport.Session {
	kept, ok := opening.Memory.(*memory)
	if !ok {
		kept = &memory{threads: map[Channel]*thread{}, doubt: map[messages.MessageID]struct{}{}}
	}
	s := &session{
		protocol: p, token: opening.Token, memory: kept,
		uid:      cmp.Or(p.UID, string(opening.Channel)),
		nonce:    fmt.Sprintf("%016x", opening.Life),
		sent:     map[uint32]posted{},
		answered: map[Channel]transport.Ticket{},
	}
	s.device = cmp.Or(p.DeviceID, "holdfast-"+s.nonce)
	if p.JSON {
		s.tongue = &rpc{}
	} else {
		s.tongue = &binary{}
	}
	return s
}
