package messages

import (
	"context"
	"time"
)

// Token is what a login needs: who we are, the proof of it, and until when the
// proof is good.
type Token struct {
	User    string // empty if the secret says it
	Secret  Secret
	Expires time.Time // zero: never, or not known
}

// NewToken is a token without a user that does not expire.
func NewToken(secret string) Token { return Token{Secret: NewSecret(secret)} }

// Hide returns the reason with stars where the token's secret was.
func (t Token) Hide(reason Reason) Reason {
	reason.Detail, reason.Wire.Text = t.Secret.Hide(reason.Detail), t.Secret.Hide(reason.Wire.Text)
	return reason
}

// IsZero reports whether there is no token at all.
func (t Token) IsZero() bool { return t == Token{} }

// Expired reports whether the token is of no use any more.
func (t Token) Expired(now time.Time) bool { return !t.Expires.IsZero() && !t.Expires.After(now) }

// RoomTokenFunc fetches the token that a room needs. It may block until ctx
// ends; what it returns after that is dropped.
type RoomTokenFunc func(ctx context.Context, request RoomTokenRequest) (Token, error)

// RoomTokenRequest tells a RoomTokenFunc which room asks.
type RoomTokenRequest struct {
	Channel ChannelID
	Room    RoomID
	Refresh bool // the token before has expired, or was refused
}
