package transport

import (
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed14814784/holdfast/messages"
)

// Dial makes one connection: TCP, the proxy if there is one, TLS for wss, the
// upgrade. It blocks until the connection is upgraded or ctx ends, whichever
// stage it is at, and leaves no goroutine and no socket behind when it returns
// an error. That error is an *[messages.Error] whose reason says what went
// wrong; it shows no credentials. A target that cannot be dialled is
// ReasonBadRequest: dialling it again would not help.
func (w *WebSocket) Dial(ctx context.Context, target Target) (Conn, error) {
	h, err := w.handshake(target)
	if err != nil {
		return nil, undiallable(err)
	}
	raw, err := h.connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := h.open(ctx, raw)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return conn, nil
}

// handshake is an attempt that ends with an upgrade.
type handshake struct {
	*attempt
	header       http.Header
	host         string // the Host header
	subprotocols []string
	compression  bool
	goroutines   bool
	limits       *limits
}

// handshake checks a target and prepares to dial it.
func (w *WebSocket) handshake(target Target) (*handshake, error) {
	a, err := newAttempt(w.road(), target.URL, w.Dials()...)
	if err != nil {
		return nil, err
	}
	h := &handshake{
		attempt:      a,
		header:       merged(w.Header, target.Header),
		subprotocols: w.Subprotocols,
		compression:  w.Compression,
		goroutines:   w.Goroutines,
		limits:       w.limits(),
	}
	if target.Subprotocols != nil {
		h.subprotocols = target.Subprotocols
	}
	for _, errs := range [][]error{checkHeader(h.header), checkSubprotocols(h.subprotocols)} {
		if len(errs) > 0 {
			return nil, errs[0]
		}
	}
	h.host = hostHeader(a.url)
	if host := h.header.Get("Host"); host != "" {
		h.host = host
	}
	h.header.Del("Host")
	if a.user != nil && h.header.Get("Authorization") == "" {
		h.header.Set("Authorization", basic(a.user))
	}
	return h, nil
}

// open does what comes after the connection is made: TLS, and the upgrade. The
// caller closes raw if there is an error.
func (h *handshake) open(ctx context.Context, raw net.Conn) (*conn, error) {
	sock := raw
	if h.url.Scheme == "wss" {
		secure, err := h.secure(ctx, raw)
		if err != nil {
			return nil, err
		}
		sock = secure
	}
	bounded, cancel := h.bounded(ctx)
	defer cancel()
	var answer answer
	err := within(bounded, sock, func() (err error) {
		answer, err = h.upgrade(sock)
		return err
	})
	if err != nil {
		return nil, h.failed(ctx, err, messages.ReasonHandshakeTimeout, "the upgrade")
	}
	return newConn(sock, raw, h.goroutines, false, answer.leftover, answer.info, h.limits), nil
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
