package transport

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/seed14814784/holdfast/messages"
)

// Target is where one attempt connects to.
type Target struct {
	URL          string      // ws://, wss://, tcp://, tls://, or a scheme the Dialer knows
	Header       http.Header // sent with the upgrade, over those of the Dialer
	Subprotocols []string    // offered, in order of preference, instead of the Dialer's
	// Token is what to log in with, from an address callback that knows both
	// where and with what ("connect info"). It goes before the channel's
	// credentials, which do not renew it: when it ends, the address is asked again.
	// Zero: those of the channel, if it has any.
	Token messages.Token
}

// String returns the URL without credentials: they may be anywhere in a target.
func (t Target) String() string { return Redact(t.URL) }

// GoString hides the same from %#v.
func (t Target) GoString() string { return "transport.Target(" + strconv.Quote(t.String()) + ")" }

// AddressRequest tells an Address which attempt asks.
type AddressRequest struct {
	Channel messages.ChannelID
	Epoch   messages.Epoch
	Attempt int             // failures since the channel was last stable
	Last    messages.Reason // why the connection before ended; zero at first
	Refresh bool            // the server rejected what the address held: get fresh credentials
	Token   messages.Token  // of the channel's credentials, for a header or the query; zero if it has none
}

// Address answers where to connect to, once per attempt. Resolve may block
// until ctx ends; an answer that comes later is dropped. A panic is the
// attempt's failure, not the channel's. An error with ReasonAuthRejected says that
// the request's Token will not do: the next attempt brings another one.
type Address interface {
	Resolve(ctx context.Context, request AddressRequest) (Target, error)
}

// AddressFunc is an address callback.
type AddressFunc func(ctx context.Context, request AddressRequest) (Target, error)

// Resolve calls the function.
func (f AddressFunc) Resolve(ctx context.Context, request AddressRequest) (Target, error) {
	return f(ctx, request)
}

// Check reports a callback that is nil.
func (f AddressFunc) Check() error {
	if f == nil {
		return invalid("address", "the address callback is nil; use transport.Static if the URL is always the same")
	}
	return nil
}

// Static is an address that is always the same.
func Static(url string) Address { return static(url) }

type static string

// Fixed reports whether an address is always the same, so that Resolve does not
// block.
func Fixed(a Address) bool {
	_, ok := a.(static)
	return ok
}

// Resolve returns the URL.
func (s static) Resolve(context.Context, AddressRequest) (Target, error) {
	return Target{URL: string(s)}, nil
}

// Check says what is wrong with the URL, before anything dials it.
func (s static) Check() error {
	_, err := parse(string(s))
	return err
}

// Scheme is that of the URL, in lower case.
func (s static) Scheme() string {
	scheme, _, _ := strings.Cut(string(s), "://")
	return strings.ToLower(scheme)
}

// Endpoint is the host and port that gates and breakers count by.
func (s static) Endpoint() string { return Endpoint(string(s)) }

// String returns the URL without credentials.
func (s static) String() string { return Redact(string(s)) }

// GoString hides the same from %#v.
func (s static) GoString() string { return "transport.Static(" + strconv.Quote(s.String()) + ")" }

// ParseURL parses the URL of a target and says what is wrong with it: the
// error's reason is ReasonInvalidSpec. One of tcp or tls is a host and a port,
// which has no default, and nothing else.
func ParseURL(raw string) (*url.URL, error) {
	u, err := parse(raw)
	if err != nil {
		return nil, err
	}
	own := *u
	return &own, nil
}

// lastURL is the last that was parsed. A fleet dials one and the same again and
// again, and asks about it several times for each attempt.
var lastURL atomic.Pointer[parsedURL]

type parsedURL struct {
	raw      string
	url      url.URL
	endpoint string
}

// parse is ParseURL for those who change nothing in the URL.
func parse(raw string) (*url.URL, error) {
	if last := lastURL.Load(); last != nil && last.raw == raw {
		return &last.url, nil
	}
	u, err := check(raw)
	if err == nil {
		lastURL.Store(&parsedURL{raw, *u, endpointOf(u)})
	}
	return u, err
}

func check(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, invalidURL(raw, "it does not parse; write it as ws://host/path or wss://host/path")
	case u.Scheme == "":
		return nil, invalidURL(raw, "it has no scheme; write it as ws://host/path or wss://host/path")
	case u.Hostname() == "" || doubtful(u.Host):
		return nil, invalidURL(raw, "it names no host; write it as ws://host/path or wss://host/path")
	case isStream(u.Scheme) && u.Port() == "":
		return nil, invalidURL(raw, "it names no port, and "+u.Scheme+" has no default; write it as "+u.Scheme+"://host:port")
	case isStream(u.Scheme) && (u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != ""):
		return nil, invalidURL(raw, "it says more than host and port, which nobody would be sent; write it as "+u.Scheme+"://host:port")
	case u.Fragment != "":
		return nil, invalidURL(raw, "a WebSocket URL has no fragment (RFC 6455, 3)")
	}
	return u, nil
}

// isStream reports whether a scheme is one of a [TCP].
func isStream(scheme string) bool { return scheme == "tcp" || scheme == "tls" }

func invalidURL(raw, why string) error {
	return invalid("address", "the URL %q is not usable: %s", Redact(raw), why)
}

// invalid is what a Check reports.
func invalid(op, format string, args ...any) error {
	return &messages.Error{Op: op, Reason: messages.Because(messages.ReasonInvalidSpec, format, args...)}
}

// Endpoint is host:port of a URL, with the scheme's default port, or "" if the
// URL is not usable.
func Endpoint(raw string) string {
	if last := lastURL.Load(); last != nil && last.raw == raw {
		return last.endpoint
	}
	u, err := parse(raw)
	if err != nil {
		return ""
	}
	return endpointOf(u)
}

func endpointOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func defaultPort(scheme string) string {
	if scheme == "wss" || scheme == "https" {
		return "443"
	}
	return "80"
}

// Redact is the URL as it may be logged: without user information and with what
// its query says hidden. A password with a stray slash or question mark moves
// the @ that ends it into the path or the query, or makes the text no URL at
// all; therefore nothing is shown that comes before an @ in any of them.
func Redact(raw string) string {
	scheme, rest, found := strings.Cut(raw, "://")
	if !found || !isScheme(scheme) {
		scheme, rest = "", raw
	} else {
		scheme += "://"
	}
	if u, err := url.Parse(raw); err != nil || u.Host == "" || doubtful(u.Host) {
		return scheme + hideQuery(afterAt(rest))
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	return scheme + afterAt(rest[:end]) + hideQuery(rest[end:])
}

// doubtful reports whether a host that parses has more colons than a port and
// an address need: then some of it was meant to be a password.
func doubtful(host string) bool { return host[0] != '[' && strings.Count(host, ":") > 1 }

func afterAt(s string) string { return s[strings.LastIndexByte(s, '@')+1:] }

func isScheme(s string) bool {
	return s != "" && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789+-.") == ""
}

// hideQuery cuts the fragment off a path and hides the values of the query. A
// part of it without a = may be a value itself.
func hideQuery(s string) string {
	s, _, _ = strings.Cut(s, "#")
	path, query, found := strings.Cut(s, "?")
	if strings.Contains(path, "@") {
		path = "/***@" + afterAt(path)
	}
	switch {
	case !found:
		return path
	case strings.Contains(query, "@"):
		return path + "?***"
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		key, _, pair := strings.Cut(part, "=")
		switch {
		case part == "":
		case pair:
			parts[i] = key + "=***"
		default:
			parts[i] = "***"
		}
	}
	return path + "?" + strings.Join(parts, "&")
}
