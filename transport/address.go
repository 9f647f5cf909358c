package transport

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// Target is where one attempt connects to.
type Target struct {
	URL          string      // ws://, wss://, or a scheme the Dialer knows
	Header       http.Header // sent with the upgrade, over those of the Dialer
	Subprotocols []string    // offered, in order of preference, instead of the Dialer's
}

// AddressRequest tells an Address which attempt asks.
type AddressRequest struct {
	Channel messages.ChannelID
	Epoch   messages.Epoch
	Attempt int             // failures since the channel was last stable
	Last    messages.Reason // why the connection before ended; zero at first
	Refresh bool            // the server rejected what the address held: get fresh credentials
}

// Address answers where to connect to, once per attempt. Resolve may block
// until ctx ends; an answer that comes later is dropped. A panic is the
// attempt's failure, not the channel's.
type Address interface {
	Resolve(ctx context.Context, request AddressRequest) (Target, error)
}

// AddressFunc is an address callback.
type AddressFunc func(ctx context.Context, request AddressRequest) (Target, error)

// Resolve calls the function.
func (f AddressFunc) Resolve(ctx context.Context, request AddressRequest) (Target, error) {
	return f(ctx, request)
}

// Static is an address that is always the same.
func Static(url string) Address { return static(url) }

type static string

// Resolve returns the URL.
func (s static) Resolve(context.Context, AddressRequest) (Target, error) {
	return Target{URL: string(s)}, nil
}

// Check says what is wrong with the URL, before anything dials it.
func (s static) Check() error {
	_, err := ParseURL(string(s))
	return err
}

// Endpoint is the host and port that gates and breakers count by.
func (s static) Endpoint() string { return Endpoint(string(s)) }

// String returns the URL without credentials.
func (s static) String() string { return Redact(string(s)) }

// ParseURL parses the URL of a target and says what is wrong with it: the
// error's reason is ReasonInvalidSpec.
func ParseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, invalidURL(raw, "it does not parse; write it as ws://host/path or wss://host/path")
	case u.Scheme == "":
		return nil, invalidURL(raw, "it has no scheme; write it as ws://host/path or wss://host/path")
	case u.Hostname() == "":
		return nil, invalidURL(raw, "it names no host; write it as ws://host/path or wss://host/path")
	case u.Fragment != "":
		return nil, invalidURL(raw, "a WebSocket URL has no fragment (RFC 6455, 3)")
	}
	return u, nil
}

func invalidURL(raw, why string) error {
	return &messages.Error{Op: "address", Reason: messages.Because(messages.ReasonInvalidSpec, "the URL %q is not usable: %s", Redact(raw), why)}
}

// Endpoint is host:port of a URL, with the scheme's default port, or "" if the
// URL is not usable.
func Endpoint(raw string) string {
	u, err := ParseURL(raw)
	if err != nil {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return fmt.Sprintf("%s:%s", strings.ToLower(u.Hostname()), port)
}

func defaultPort(scheme string) string {
	if scheme == "wss" || scheme == "https" {
		return "443"
	}
	return "80"
}

// Redact is the URL as it may be logged: without user information and with the
// values of its query hidden.
func Redact(raw string) string {
	head, _, _ := strings.Cut(raw, "#")
	head, query, found := strings.Cut(head, "?")
	if scheme, rest, ok := strings.Cut(head, "://"); ok {
		authority, path, slash := strings.Cut(rest, "/")
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			authority = authority[at+1:]
		}
		head = scheme + "://" + authority
		if slash {
			head += "/" + path
		}
	}
	if !found {
		return head
	}
	keys := strings.Split(query, "&")
	for i, pair := range keys {
		key, _, _ := strings.Cut(pair, "=")
		keys[i] = key + "=***"
	}
	return head + "?" + strings.Join(keys, "&")
}
