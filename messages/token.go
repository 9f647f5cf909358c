package messages

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unique"
)

// Secret is a credential. It prints as stars wherever it is printed; Reveal
// gives the text. Two secrets are == if their texts are.
//
// The text is kept behind a handle, because the stars of String are not enough:
// package fmt asks no method of a field that is not exported, nor for verbs like
// %d, and would print the text of whatever holds a secret in such a field. Of a
// handle it prints an address.
type Secret struct{ text unique.Handle[string] }

// NewSecret wraps a credential.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal returns the credential itself. Never log it.
func (s Secret) Reveal() string {
	if s == (Secret{}) {
		return ""
	}
	return s.text.Value()
}

// Hide returns the text with stars where the secret was: for the words of a server
// or of a library that repeats what it was given. It finds the secret as it is, as
// URLs, JSON and Go escape it, in base64 and in hexadecimal; and, of each, a
// beginning of eight bytes and more, for words are cut short.
func (s Secret) Hide(text string) string {
	if text == "" || s == (Secret{}) {
		return text
	}
	forms := s.forms()
	var b strings.Builder
	for i := 0; i < len(text); {
		n := 0
		for _, form := range forms {
			n = max(n, repeated(text[i:], form))
		}
		if n == 0 {
			b.WriteByte(text[i])
			i++
			continue
		}
		b.WriteString(s.String())
		i += n
	}
	return b.String()
}

// glimpse is how much of a secret may be seen at its beginning.
const glimpse = 8

// repeated is how many bytes at the beginning of a text repeat a form of a secret.
func repeated(text, form string) int {
	n := 0
	for n < len(form) && n < len(text) && text[n] == form[n] {
		n++
	}
	if n < min(len(form), glimpse) {
		return 0
	}
	return n
}

// forms are the ways in which a secret may be written.
func (s Secret) forms() []string {
	secret := s.Reveal()
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	quoted, _ := json.Marshal(secret) // a string always has a JSON form
	literal := strconv.Quote(secret)
	return []string{
		secret, query, path, lowerEscapes(query), lowerEscapes(path),
		string(quoted[1 : len(quoted)-1]), literal[1 : len(literal)-1],
		base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret),
	}
}

var escapes = regexp.MustCompile("%[0-9A-F]{2}")

// lowerEscapes is an escaped text as those write it who like small letters.
func lowerEscapes(text string) string { return escapes.ReplaceAllStringFunc(text, strings.ToLower) }

// String hides the credential.
func (s Secret) String() string {
	if s == (Secret{}) {
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
