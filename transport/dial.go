package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/seed14814784/holdfast/messages"
)

// road is how a server is reached, the same for every dialer.
type road struct {
	tls     *tls.Config
	configs *tlsConfigs
	alpn    []string // what TLS offers, unless tls says otherwise
	proxy   func(*url.URL) (*url.URL, error)
	netDial func(ctx context.Context, network, addr string) (net.Conn, error)
	from    []netip.Addr // local addresses; none: the system chooses
	sources *sources
	timeout time.Duration // of each handshake; 0 is none
}

// attempt is one attempt to dial.
type attempt struct {
	road
	url  *url.URL // its host in ASCII, without the user
	user *url.Userinfo
	raw  string // as it must not be logged
	addr string // host:port of the server
}

// newAttempt checks a URL that must have one of the schemes.
func newAttempt(by road, raw string, schemes ...string) (*attempt, error) {
	u, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(schemes, u.Scheme) {
		return nil, invalidURL(raw, "the scheme is neither "+strings.Join(schemes, " nor "))
	}
	// Names outside ASCII travel as punycode, in DNS and on the wire.
	ascii, err := httpguts.PunycodeHostPort(strings.ToLower(u.Host))
	if err != nil {
		return nil, invalidURL(raw, "its host is not a name that can be looked up")
	}
	plain := *u
	plain.Host, plain.User = ascii, nil
	return &attempt{road: by, url: &plain, user: u.User, raw: raw, addr: net.JoinHostPort(plain.Hostname(), portOf(&plain))}, nil
}

// shown is the URL as it may be logged.
func (a *attempt) shown() string { return Redact(a.raw) }

// undiallable is the error of a target that cannot be dialled.
func undiallable(err error) error {
	return &messages.Error{Op: "dial", Reason: messages.Because(messages.ReasonBadRequest, "%s", ReasonOf(err, messages.ReasonBadRequest).Detail)}
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPort(u.Scheme)
}

// dialTCP calls the network dialer.
func (r road) dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	if r.netDial != nil {
		return r.netDial(ctx, "tcp", addr)
	}
	if len(r.from) > 0 {
		return r.sources.dial(ctx, r.from, addr)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", addr)
}

// connect makes the connection that carries the server's bytes, through the
// proxy if there is one.
func (a *attempt) connect(ctx context.Context) (net.Conn, error) {
	if a.proxy != nil {
		proxy, err := a.proxy(a.url)
		if err != nil {
			// Its words may hold the proxy's password.
			return nil, a.fail(nil, messages.Because(messages.ReasonInvalidSpec, "the proxy for %s is not usable; check its URL", a.shown()))
		}
		if proxy != nil {
			return a.connectThrough(ctx, proxy)
		}
	}
	conn, err := a.dialTCP(ctx, a.addr)
	if err != nil {
		return nil, a.failed(ctx, err, messages.ReasonUnreachable, "connecting")
	}
	return conn, nil
}

// secure puts TLS over a connection, which the caller closes if there is an
// error.
func (a *attempt) secure(ctx context.Context, raw net.Conn) (net.Conn, error) {
	config := a.configs.of(a.tls, a.url.Hostname(), a.alpn)
	socket := &plug{Conn: raw}
	secure := tls.Client(socket, config)
	bounded, cancel := a.bounded(ctx)
	defer cancel()
	if err := secure.HandshakeContext(bounded); err != nil {
		return nil, a.failed(ctx, err, messages.ReasonTLS, "TLS")
	}
	socket.up = true
	socket.blocks = config.Renegotiation != tls.RenegotiateNever
	return secure, nil
}

func (a *attempt) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.timeout > 0 {
		return context.WithTimeout(ctx, a.timeout)
	}
	return ctx, func() {}
}

// longAgo is a deadline that has passed whatever the clock says.
var longAgo = time.Unix(1, 0)

// within runs blocking reads and writes on conn, and makes them return when ctx
// ends. If ctx ends just as f succeeds, the socket may have got the past
// deadline already: then ctx's error wins, so that no connection is returned
// that cannot be read.
func within(ctx context.Context, conn net.Conn, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = conn.SetDeadline(longAgo)
	})
	err := f()
	if stop() {
		return err
	}
	<-interrupted // no goroutine of ours is left on the socket
	return ctx.Err()
}

// failed is the error of a stage. Time that ran out is a reason of its own;
// the fallback is for errors that say nothing.
func (a *attempt) failed(ctx context.Context, err error, fallback messages.Code, stage string) *messages.Error {
	if own, ok := errors.AsType[*messages.Error](err); ok {
		return own
	}
	reason := reasonOf(err, fallback)
	switch {
	case ctx.Err() != nil && reason.Code != messages.ReasonDNS, timedOut(err) && reason.Code != messages.ReasonDNS:
		reason = messages.Reason{Code: messages.ReasonDialTimeout}
		if fallback == messages.ReasonHandshakeTimeout {
			reason.Code = messages.ReasonHandshakeTimeout
		}
		if context.Cause(ctx) != nil && ctx.Err() == context.Canceled {
			reason.Detail = stage + " was cancelled"
		} else {
			reason.Detail = stage + " took too long"
		}
	case reason.Code == messages.ReasonHandshakeTimeout:
		reason.Code = messages.ReasonReadError
	}
	if reason.Detail == err.Error() {
		err = nil // the reason has its words
	}
	return a.fail(err, reason)
}

// fail is the error of the attempt, with what was dialled.
func (a *attempt) fail(err error, reason messages.Reason) *messages.Error {
	if reason.Detail == "" {
		reason.Detail = "tried " + a.shown()
	} else if shown := a.shown(); !strings.Contains(reason.Detail, shown) {
		reason.Detail += " (tried " + shown + ")"
	}
	return &messages.Error{Op: "dial", Reason: reason, Err: err}
}
