package wukongim

import "context"

// Syncer fetches what a session missed and asks who is in: both are things that a
// server tells over HTTP only. [API] makes one of a client of the HTTP API. Its
// methods are called concurrently; they may block until ctx ends. Errors whose reason
// is final for a login (forbidden) or ReasonNotSupported are not tried again.
type Syncer interface {
	// History is what was said in a channel after a sequence number: the oldest
	// first, and at most as many as limit. More says that there is more.
	History(ctx context.Context, uid string, channel Channel, after uint64, limit int) (page History, err error)
	// Latest is the sequence number of the last message of a channel; 0: there is
	// none.
	Latest(ctx context.Context, uid string, channel Channel) (seq uint64, err error)
	// Member says whether a user may hear what is said in a channel.
	Member(ctx context.Context, uid string, channel Channel) (Membership, error)
}

// History is a page of what was said.
type History struct {
	Messages []Said
	More     bool
}

// Said is a message of a history.
type Said struct {
	Message
	Payload []byte
}

// Membership says whether a user is in a channel.
type Membership uint8

// The answers.
const (
	CannotTell    Membership = iota // the server has no answer: it counts as in
	Member                          // in
	NotMember                       // out
	NoSuchChannel                   // there is no such channel
)
