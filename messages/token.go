package messages

import (
	"context"
	"time"
)

// Secret is a credential. It prints as stars wherever it is printed; Reveal
// gives the text.
type Secret struct{ text string }

// NewSecret wraps a credential.
func NewSecret(text string) Secret { return Secret{text} }

// Reveal returns the credential itself. Never log it.
func (s Secret) Reveal() string { return s.text }

// String hides the credential.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return "***"
}

// GoString hides the credential from %#v.
func (s Secret) GoString() string { return "messages.Secret(" + s.String() + ")" }

// MarshalText hides the credential from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Token is what a login needs: who we are, the proof of it, and until when the
// proof is good.
type Token struct {
	User    string // empty if the secret says it
	Secret  Secret
	Expires time.Time // zero: never, or not known
}

// NewToken is a token without a user that does not expire.
func NewToken(secret string) Token { return Token{Secret: NewSecret(secret)} }

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
