package transport

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/seed14814784/holdfast/messages"
)

// Dial makes one connection: TCP, the proxy if there is one, TLS for wss, the
// upgrade. It blocks until the connection is upgraded or ctx ends, whichever
// stage it is at, and leaves no goroutine and no socket behind when it returns
// an error. That error is an *[messages.Error] whose reason says what went
// wrong; it shows no credentials. A target that cannot be dialled is
// ReasonBadRequest: dialling it again would not help.
func (w *WebSocket) Dial(ctx context.Context, target Target) (Conn, error) {
	a, err := w.attempt(target)
	if err != nil {
		return nil, &messages.Error{Op: "dial", Reason: messages.Because(messages.ReasonBadRequest, "%s", ReasonOf(err, messages.ReasonBadRequest).Detail)}
	}
	raw, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := a.open(ctx, raw)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// attempt is one attempt to dial.
type attempt struct {
	ws           *WebSocket
	url          *url.URL
	shown        string // the URL as it may be logged
	addr         string // host:port of the server
	header       http.Header
	host         string // the Host header
	subprotocols []string
}

// attempt checks a target and prepares to dial it.
func (w *WebSocket) attempt(target Target) (*attempt, error) {
	u, err := ParseURL(target.URL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "ws" && u.Scheme != "wss" {
		return nil, invalidURL(target.URL, "the scheme is neither ws nor wss")
	}
	// Names outside ASCII travel as punycode, in DNS and on the wire.
	ascii, err := httpguts.PunycodeHostPort(strings.ToLower(u.Host))
	if err != nil {
		return nil, invalidURL(target.URL, "its host is not a name that can be looked up")
	}
	plain := *u
	plain.Host, plain.User = ascii, nil
	a := &attempt{
		ws: w, url: &plain, shown: Redact(target.URL),
		addr:         net.JoinHostPort(plain.Hostname(), portOf(&plain)),
		header:       merged(w.Header, target.Header),
		subprotocols: w.Subprotocols,
	}
	if target.Subprotocols != nil {
		a.subprotocols = target.Subprotocols
	}
	for _, errs := range [][]error{checkHeader(a.header), checkSubprotocols(a.subprotocols)} {
		if len(errs) > 0 {
			return nil, errs[0]
		}
	}
	a.host = hostHeader(&plain)
	if host := a.header.Get("Host"); host != "" {
		a.host = host
	}
	a.header.Del("Host")
	if u.User != nil && a.header.Get("Authorization") == "" {
		a.header.Set("Authorization", basic(u.User))
	}
	return a, nil
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return defaultPort(u.Scheme)
}

// hostHeader is the URL's host without the zone of an IPv6 address, which means
// nothing to a server (RFC 6874, 4).
func hostHeader(u *url.URL) string {
	name, _, zoned := strings.Cut(u.Hostname(), "%")
	if !zoned {
		return u.Host
	}
	if port := u.Port(); port != "" {
		return net.JoinHostPort(name, port)
	}
	return "[" + name + "]"
}

func merged(base, over http.Header) http.Header {
	header := make(http.Header, len(base)+len(over))
	for name, values := range base {
		header[http.CanonicalHeaderKey(name)] = values
	}
	for name, values := range over {
		header[http.CanonicalHeaderKey(name)] = values
	}
	return header
}

func basic(user *url.Userinfo) string {
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// dialTCP calls the network dialer.
func (w *WebSocket) dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	if w.NetDial != nil {
		return w.NetDial(ctx, "tcp", addr)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", addr)
}

// connect makes the connection that carries the server's bytes, through the
// proxy if there is one.
func (a *attempt) connect(ctx context.Context) (net.Conn, error) {
	if a.ws.Proxy != nil {
		proxy, err := a.ws.Proxy(a.url)
		if err != nil {
			// Its words may hold the proxy's password.
			return nil, a.fail(nil, messages.Because(messages.ReasonInvalidSpec, "the proxy for %s is not usable; check its URL", a.shown))
		}
		if proxy != nil {
			return a.connectThrough(ctx, proxy)
		}
	}
	conn, err := a.ws.dialTCP(ctx, a.addr)
	if err != nil {
		return nil, a.failed(ctx, err, messages.ReasonUnreachable, "connecting")
	}
	return conn, nil
}

// open does what comes after the connection is made: TLS, and the upgrade. The
// caller closes raw if there is an error.
func (a *attempt) open(ctx context.Context, raw net.Conn) (*conn, error) {
	sock := raw
	if a.url.Scheme == "wss" {
		secure := tls.Client(raw, a.ws.configs.of(a.ws.TLS, a.url.Hostname()))
		bounded, cancel := a.bounded(ctx)
		err := secure.HandshakeContext(bounded)
		cancel()
		if err != nil {
			return nil, a.failed(ctx, err, messages.ReasonTLS, "TLS")
		}
		sock = secure
	}
	bounded, cancel := a.bounded(ctx)
	defer cancel()
	var answer *answer
	err := within(bounded, sock, func() (err error) {
		answer, err = a.upgrade(sock)
		return err
	})
	if err != nil {
		return nil, a.failed(ctx, err, messages.ReasonHandshakeTimeout, "the upgrade")
	}
	return newConn(sock, raw, answer.leftover, answer.info, a.ws.limits()), nil
}

func (a *attempt) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.ws.HandshakeTimeout > 0 {
		return context.WithTimeout(ctx, a.ws.HandshakeTimeout)
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
		reason.Detail = "tried " + a.shown
	} else if !strings.Contains(reason.Detail, a.shown) {
		reason.Detail += " (tried " + a.shown + ")"
	}
	return &messages.Error{Op: "dial", Reason: reason, Err: err}
}
