package messages

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
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
	secret := s.Reveal()
	if text == "" || secret == "" || !begins(text, secret) {
		return text
	}
	forms := forms(secret)
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

// begins reports whether a form of the secret may begin somewhere in a text. That
// there is none can be told from little of the secret, and is what mostly is told:
// a fleet that loses its server hides as many reasons as it has channels.
func begins(text, secret string) bool {
	head := secret[:min(len(secret), glimpse)]
	if !utf8.ValidString(head) {
		return true // half a rune is written in another way
	}
	for _, form := range forms(head) {
		if strings.Contains(text, form[:min(len(form), glimpse)]) {
			return true
		}
	}
	return false
}

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
func forms(secret string) []string {
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	quoted, _ := json.Marshal(secret) // a string always has a JSON form
	literal := strconv.Quote(secret)
	hexadecimal := hex.EncodeToString([]byte(secret))
	return []string{
		secret, query, path, lowerEscapes(query), lowerEscapes(path),
		string(quoted[1 : len(quoted)-1]), literal[1 : len(literal)-1],
		base64.RawStdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		hexadecimal, strings.ToUpper(hexadecimal),
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
