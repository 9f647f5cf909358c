package supervisor

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// The knobs of a channel, under the names of package actors. Zero fields mean
// the defaults in their documentation.
type (
	// Timeouts are deadlines: Prepare, Dial and Auth 10 s each, Sync 30 s, Drain 30 s, Close
	// 5 s, StableAfter 10 s, SessionTTL 120 s, MaxAge off, ProbeAfter 60 s,
	// MinInterval 1 s.
	Timeouts = actors.Timeouts
	// Keepalive beats every 25 s ±10 % and gives up after interval + 10 s of
	// silence. A Jitter as tiny as 1e-9 is none; 0 is the default.
	Keepalive = actors.Keepalive
	// OutboxLimits bound the outbox: 1,024 messages of which a quarter for one room, 4 MiB together, 1 MiB each; Reject; no TTL; 5
	// tries, and math.MaxInt for as many as it takes.
	OutboxLimits = actors.OutboxLimits
	// InboxLimits bound what waits for the handler: 256 messages, 1 MiB.
	InboxLimits = actors.InboxLimits
	// RoomLimits pace joins and bound rooms: 65,536 Rooms, a JoinWindow of 32, a
	// JoinRate of 250 per second; 10 s each for the answers to Join, Verify and
	// Leave; StableAfter 10 s.
	RoomLimits = actors.RoomLimits
	// PanicBudget is how many panics are forgiven: 5 in 60 s.
	PanicBudget = actors.PanicBudget
	// Flapping is when sessions end soon, one after another and in the same way:
	// Notice after 5, End after 20 and math.MaxInt for never, Within 60 s of their
	// login.
	Flapping = actors.Flapping
	// Syncer catches up after each login, before the channel is Ready.
	Syncer = actors.Syncer
	// Sync is the login that a Syncer catches up after.
	Sync = actors.Sync
	// Receipt is the promise that comes back from a send.
	Receipt = actors.Receipt
)

// What becomes of a login that could not catch up.
const (
	SyncRequired   = lifecycle.SyncRequired
	SyncBestEffort = lifecycle.SyncBestEffort
)

// What happens when the outbox is full.
const (
	Reject     = actors.Reject
	DropOldest = actors.DropOldest
	DropNewest = actors.DropNewest
)

// Never turns a duration off whose zero value means its default.
const Never time.Duration = math.MaxInt64

// Spec says what a channel is. It is data: it can be copied, compared by eye
// and kept. Only ID, Address and Handler are needed.
type Spec struct {
	ID      messages.ChannelID
	Address transport.Address

	// Credentials are what the channel logs in with, shared by all channels of
	// one identity; nil: there are none but what the address has.
	Credentials *Credentials

	// Handler is given every inbound message, in order and one at a time, also
	// across connections. It may call anything but Close and Drain of the
	// fleet, which wait for it. While it is slow its own socket is not read; a
	// panic in it costs the connection. [Discard] is the handler for channels
	// that only send.
	//
	// What waits for it when the channel is closed it is never given: see
	// [messages.Stopped]. Disconnect and Drain lose nothing.
	Handler func(messages.Received)

	// Syncer catches up after each login: offline messages, lists of conversations.
	// The channel is Syncing meanwhile, for as long as Timeouts.Sync; sends and
	// rooms wait. nil: the channel is Ready with its login, unless the protocol
	// itself catches up.
	Syncer Syncer
	// SyncPolicy is what becomes of a login that could not catch up: SyncRequired,
	// the default, tries a fresh one, and SyncBestEffort goes on without, Degraded.
	SyncPolicy lifecycle.SyncPolicy

	Dialer   transport.Dialer   // nil: the fleet's, a transport.WebSocket by default
	Protocol transport.Protocol // nil: the fleet's, transport.Raw() by default

	Strategy    Strategy      // nil: the fleet's, Backoff{} by default
	MaxRetries  int           // 0: for ever. After that many the channel is Failed
	Exhausted   Exhausted     // what MaxRetries leads to instead
	GiveUpAfter time.Duration // 0: never. Not up for that long: Failed
	Restart     Restart       // which endings are retried at all

	// Endpoint is what gate and breaker count the channel under before its
	// address has been resolved once. Empty: host and port of a Static
	// address, else a name that all such channels share.
	Endpoint string

	// Manual leaves the channel Idle until it is told to Connect.
	Manual bool
	// Borrow lends Handler the Data of a message: it is the handler's until it returns,
	// and must be copied if it is kept. A message that comes in one piece costs no
	// allocation then. Without effect for handlers of rooms, with PublishReceived, and
	// with a Protocol that keeps what it reads (see [transport.Borrower]).
	Borrow bool

	// PublishReceived shows inbound messages to observers too.
	PublishReceived bool

	AuthThreshold int // rejected logins in a row before Failed; 0: 3

	Timeouts  Timeouts
	Keepalive Keepalive
	Outbox    OutboxLimits
	Inbox     InboxLimits
	Panics    PanicBudget
	Flapping  Flapping

	Rooms        RoomLimits
	RoomStrategy Strategy // when a join that was not granted is tried again; nil: Backoff{}
}

// Exhausted is what happens when MaxRetries are used up.
type Exhausted uint8

const (
	// Fail ends the channel with ReasonRetriesExhausted.
	Fail Exhausted = iota
	// Suspend retries slowly for ever.
	Suspend
)

// Discard is a Handler that wants no messages.
func Discard(messages.Received) {}

// checked is an address, a dialer or a protocol that can tell what is wrong with
// it before anything is dialled.
type checked interface{ Check() error }

// particular is a protocol that does not serve every channel.
type particular interface {
	CheckChannel(id messages.ChannelID) error
}

// choosy is a Dialer that can tell which schemes it dials.
type choosy interface{ Dials() []string }

// endpointed is an Address that knows its endpoint in advance.
type endpointed interface {
	Endpoint() string
	Scheme() string
}

// sharedEndpoint is what channels with an address callback are counted under
// until the callback has answered once.
const sharedEndpoint = "unresolved"

// check reports everything that is wrong with the specification of a channel
// that dials with this dialer and speaks this protocol, if it has none of its own.
func (s Spec) check(dialer transport.Dialer, protocol transport.Protocol) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, &messages.Error{Op: "open", Channel: s.ID, Reason: messages.Because(messages.ReasonInvalidSpec, format, args...)})
	}
	if s.ID == "" {
		bad("ID is empty; name the channel")
	}
	if isNil(s.Address) {
		bad("Address is nil; use transport.Static or an address callback")
	} else if a, ok := s.Address.(checked); ok {
		if err := a.Check(); err != nil {
			errs = append(errs, err)
		} else if scheme, dialled := s.foreign(dialer); scheme != "" {
			bad("the dialer of %s does not know %q, only %s; see transport.TCP and transport.Schemes", s.Address, scheme, strings.Join(dialled, ", "))
		}
	}
	if s.Handler == nil {
		bad("Handler is nil; use supervisor.Discard if inbound messages are not wanted")
	}
	for _, part := range []struct {
		name  string
		value any
	}{{"Dialer", s.Dialer}, {"Protocol", s.Protocol}} {
		if part.value == nil {
			continue
		}
		if isNil(part.value) {
			bad("%s is a nil %T; leave it out for the fleet's", part.name, part.value)
		} else if p, ok := part.value.(checked); ok {
			if err := p.Check(); err != nil {
				errs = append(errs, err)
			}
		}
	}
	if s.Protocol != nil {
		protocol = s.Protocol
	}
	if p, ok := protocol.(particular); ok && !isNil(protocol) {
		if err := p.CheckChannel(s.ID); err != nil {
			errs = append(errs, err)
		}
	}
	if s.Credentials != nil {
		if err := s.Credentials.Check(); err != nil {
			errs = append(errs, err)
		}
	}
	if s.Strategy != nil {
		if err := CheckStrategy(s.Strategy); err != nil {
			errs = append(errs, err)
		}
	}
	if s.RoomStrategy != nil {
		if err := CheckStrategy(s.RoomStrategy); err != nil {
			errs = append(errs, err)
		}
	}
	if s.Rooms.JoinRate < 0 || math.IsNaN(s.Rooms.JoinRate) || math.IsInf(s.Rooms.JoinRate, 0) {
		bad("Rooms.JoinRate is %v; it is joins per second, 0 means 250", s.Rooms.JoinRate)
	}
	if s.MaxRetries < 0 {
		bad("MaxRetries is %d; 0 means for ever", s.MaxRetries)
	}
	if s.AuthThreshold < 0 {
		bad("AuthThreshold is %d; 0 means 3", s.AuthThreshold)
	}
	if s.Restart > Temporary {
		bad("Restart is %d; use Transient, Permanent or Temporary", s.Restart)
	}
	if s.Exhausted > Suspend {
		bad("Exhausted is %d; use Fail or Suspend", s.Exhausted)
	}
	if s.SyncPolicy > SyncBestEffort {
		bad("SyncPolicy is %d; use SyncRequired or SyncBestEffort", s.SyncPolicy)
	}
	for _, d := range s.durations() {
		if *d.value < 0 {
			bad("%s is %s; a duration must not be negative", strings.Clone(d.name), *d.value) // a clone, or s would be on the heap
		} else if *d.value == Never && d.must {
			bad("%s is Never; it must end some time", strings.Clone(d.name))
		}
	}
	if s.Keepalive.Jitter < 0 || s.Keepalive.Jitter > 1 || math.IsNaN(s.Keepalive.Jitter) {
		bad("Keepalive.Jitter is %v; it is a part of the interval, from 0 to 1", s.Keepalive.Jitter)
	}
	for _, n := range []struct {
		name  string
		value int
	}{
		{"Outbox.Messages", s.Outbox.Messages}, {"Outbox.Bytes", s.Outbox.Bytes}, {"Outbox.MessageBytes", s.Outbox.MessageBytes}, {"Outbox.Tries", s.Outbox.Tries},
		{"Inbox.Messages", s.Inbox.Messages}, {"Inbox.Bytes", s.Inbox.Bytes}, {"Panics.Max", s.Panics.Max},
		{"Flapping.Notice", s.Flapping.Notice}, {"Flapping.End", s.Flapping.End},
		{"Outbox.RoomMessages", s.Outbox.RoomMessages}, {"Rooms.Rooms", s.Rooms.Rooms}, {"Rooms.JoinWindow", s.Rooms.JoinWindow},
	} {
		if n.value < 0 {
			bad("%s is %d; 0 means the default", n.name, n.value)
		}
	}
	if s.Outbox.Overflow > DropNewest {
		bad("Outbox.Overflow is %d; use Reject, DropOldest or DropNewest", s.Outbox.Overflow)
	}
	return errors.Join(errs...)
}

// foreign is the scheme of an address that is known in advance, if the dialer is
// choosy and does not dial it, and those that it dials.
func (s Spec) foreign(dialer transport.Dialer) (scheme string, dialled []string) {
	if s.Dialer != nil {
		dialer = s.Dialer
	}
	c, ok := dialer.(choosy)
	if !ok || isNil(dialer) || !isStatic(s.Address) {
		return "", nil
	}
	scheme = s.Address.(endpointed).Scheme()
	dialled = c.Dials()
	if len(dialled) == 0 || slices.Contains(dialled, scheme) {
		return "", nil
	}
	return scheme, dialled
}

// duration is one knob: its name, where it is, its default, and whether it must
// end.
type duration struct {
	name     string
	value    *time.Duration
	standard time.Duration
	must     bool
}

func (s *Spec) durations() [22]duration {
	t, k := &s.Timeouts, &s.Keepalive
	return [...]duration{
		{"Timeouts.Prepare", &t.Prepare, 10 * time.Second, true},
		{"Timeouts.Dial", &t.Dial, 10 * time.Second, true},
		{"Timeouts.Auth", &t.Auth, 10 * time.Second, true},
		{"Timeouts.Sync", &t.Sync, 30 * time.Second, true},
		{"Timeouts.Drain", &t.Drain, 30 * time.Second, true},
		{"Timeouts.Close", &t.Close, 5 * time.Second, true},
		{"Timeouts.StableAfter", &t.StableAfter, 10 * time.Second, true},
		{"Timeouts.SessionTTL", &t.SessionTTL, 120 * time.Second, false},
		{"Timeouts.MaxAge", &t.MaxAge, 0, false},
		{"Timeouts.ProbeAfter", &t.ProbeAfter, 60 * time.Second, true},
		{"Timeouts.MinInterval", &t.MinInterval, time.Second, true},
		{"Keepalive.Interval", &k.Interval, 25 * time.Second, false},
		{"Keepalive.Grace", &k.Grace, 10 * time.Second, true},
		{"Outbox.TTL", &s.Outbox.TTL, 0, false},
		{"Outbox.AckTimeout", &s.Outbox.AckTimeout, 30 * time.Second, false},
		{"GiveUpAfter", &s.GiveUpAfter, 0, false},
		{"Rooms.Join", &s.Rooms.Join, 10 * time.Second, true},
		{"Rooms.Verify", &s.Rooms.Verify, 10 * time.Second, true},
		{"Rooms.Leave", &s.Rooms.Leave, 10 * time.Second, true},
		{"Rooms.StableAfter", &s.Rooms.StableAfter, 10 * time.Second, true},
		{"Panics.Within", &s.Panics.Within, 60 * time.Second, true},
		{"Flapping.Within", &s.Flapping.Within, 60 * time.Second, true},
	}
}

// filled is the specification with every zero replaced by its default, and
// Never by the zero that package actors understands as "off".
func (s Spec) filled() Spec {
	if s.Keepalive.Jitter == 0 {
		s.Keepalive.Jitter = 0.1
	}
	for _, d := range s.durations() {
		switch *d.value {
		case 0:
			*d.value = d.standard
		case Never:
			*d.value = 0
		}
	}
	for _, n := range []struct {
		value    *int
		standard int
	}{
		{&s.Outbox.Messages, 1024},
		{&s.Outbox.Bytes, 4 << 20},
		{&s.Outbox.MessageBytes, 1 << 20},
		{&s.Outbox.Tries, 5},
		{&s.Inbox.Messages, 256},
		{&s.Inbox.Bytes, 1 << 20},
		{&s.Panics.Max, 5},
		{&s.Flapping.Notice, 5},
		{&s.Flapping.End, 20},
		{&s.Rooms.Rooms, 1 << 16},
		{&s.Rooms.JoinWindow, 32},
	} {
		if *n.value == 0 {
			*n.value = n.standard
		}
	}
	if s.Outbox.RoomMessages == 0 {
		s.Outbox.RoomMessages = max(1, s.Outbox.Messages/4)
	}
	if s.Rooms.JoinRate == 0 {
		s.Rooms.JoinRate = 250
	}
	if s.Endpoint == "" {
		s.Endpoint = sharedEndpoint
		if a, ok := s.Address.(endpointed); ok {
			s.Endpoint = a.Endpoint()
		}
	}
	return s
}

// GoString hides from %#v what String hides.
func (s Spec) GoString() string { return "supervisor.Spec(" + s.String() + ")" }

// String names the channel and its address, without credentials.
func (s Spec) String() string {
	if a, ok := s.Address.(fmt.Stringer); ok {
		return fmt.Sprintf("%s at %s", s.ID, a)
	}
	return string(s.ID)
}
