package centrifugo

import (
	"cmp"
	"encoding/json"
	"sync/atomic"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// maxRoomBytes is the longest channel name that Centrifugo takes by default.
const maxRoomBytes = 255

// verifyBatch is how many presence commands share a frame. Centrifugo takes frames
// of 64 KiB by default, and the longest names, written with escapes throughout, are
// six times as long on the wire.
const verifyBatch = 32

// Options say how a client introduces itself. The zero value is a client that
// recovers what it missed.
type Options struct {
	// Name and Version of the client, as the server's statistics show them;
	// "" is "holdfast", and no version.
	Name    string
	Version string

	// Data goes with the connect command; it must be JSON, in UTF-8.
	Data json.RawMessage

	// NoRecovery does not ask the server to keep positions: after an interruption
	// rooms go on with what comes, with a gap.
	NoRecovery bool

	// NoPresence does not ask for presence at T1: a room is taken for lost
	// whenever its connection was, and the room's policy decides.
	NoPresence bool

	// Ignored, if not nil, counts what the server said and nobody waited for or
	// understood: unknown pushes; replies to requests that were never sent, were
	// answered before or are of no interest any more; results of another kind
	// than was asked for; publications that were delivered before, or came before
	// the login.
	Ignored *atomic.Uint64
}

// New is the protocol of Centrifugo's clients. Options that will not do are
// reported when a channel is opened with it.
func New(options Options) transport.Protocol {
	options.Name = cmp.Or(options.Name, "holdfast")
	if options.Ignored == nil {
		options.Ignored = &atomic.Uint64{}
	}
	return &protocol{options}
}

type protocol struct{ Options }

func (*protocol) Name() string { return "centrifugo" }

func (*protocol) Traits() transport.Traits {
	return transport.Traits{Acknowledges: true, Rooms: true, RoomIDBytes: maxRoomBytes, VerifyBatch: verifyBatch}
}

// Check reports what is wrong with the options.
func (p *protocol) Check() error {
	if len(p.Data) > 0 && !isJSON(p.Data) {
		return &messages.Error{Op: "centrifugo", Reason: messages.Because(messages.ReasonInvalidSpec, "Options.Data has %d bytes that are not JSON in UTF-8", len(p.Data))}
	}
	return nil
}

func (p *protocol) NewSession(opening transport.Opening) transport.Session {
	kept, ok := opening.Memory.(*memory)
	if !ok || opening.Fresh {
		kept = &memory{subs: map[string]messages.Position{}}
	}
	return &session{
		protocol: p, token: opening.Token, memory: kept,
		pending: map[uint32]request{}, rooms: map[messages.RoomID]*membership{},
	}
}
