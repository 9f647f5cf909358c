package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
)

// The defaults of a WebSocket.
const (
	DefaultMessageLimit = 4 << 20
	DefaultWriteLimit   = 4 << 20
	DefaultWriteTimeout = 10 * time.Second
)

// WebSocket dials ws:// and wss:// as RFC 6455 has it. The zero value is ready
// to use; one WebSocket serves any number of channels, concurrently. Its fields
// must not be changed once it is in use, and it must not be copied then.
//
// User information in a URL is sent as basic authorization, unless the headers
// have one already.
type WebSocket struct {
	// TLS configures wss. The server's name comes from the URL if it names
	// none; sessions are resumed from a small cache if it has none. It is
	// cloned.
	TLS *tls.Config

	// Header is sent with every upgrade; the target's headers replace those of
	// the same name. The names that the handshake itself needs are refused;
	// Host is allowed.
	Header http.Header

	// Subprotocols are offered in order of preference, unless the target
	// offers its own.
	Subprotocols []string

	// Proxy tells which proxy, if any, the URL is reached through: http, https
	// (CONNECT), socks5 or socks5h (both let the proxy look up the name). nil
	// is none; see [ProxyFromEnvironment] and [ProxyURL].
	Proxy func(*url.URL) (*url.URL, error)

	// NetDial makes the connection to the server or proxy; nil is a
	// net.Dialer. It must return soon after ctx has ended.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)

	// LocalAddrs are the addresses of this machine that connections come from, in
	// turns; none lets the system choose. An address has about 28,000 ports for
	// each address and port of a server (net.ipv4.ip_local_port_range on Linux),
	// so a process that wants more connections to one needs several.
	//
	// Of a server or proxy with addresses of both families, the families are tried
	// that are here too. An address without a port left for a destination is passed
	// over, and so is one that is not of this machine; only if none is left the
	// dial fails, with ReasonLocalPortsExhausted or ReasonLocalAddress. It needs a
	// Unix system, and the dialer's own NetDial.
	LocalAddrs []netip.Addr

	// Compression offers permessage-deflate (RFC 7692), without context
	// takeover in either direction.
	Compression bool

	// MessageLimit is the most bytes of an inbound message, after inflating;
	// FrameLimit is the most bytes of one frame of it. 0 is
	// DefaultMessageLimit, and as much as a message. More ends the connection
	// with ReasonFrameTooLarge.
	MessageLimit int
	FrameLimit   int

	// WriteLimit is how many bytes may wait to be written, frame headers
	// included; 0 is DefaultWriteLimit. Above it, Write returns
	// ReasonSlowConsumer; a single frame above it can never be written and is
	// ReasonTooLarge.
	WriteLimit int

	// WriteTimeout is how long the system may take to accept up to 64 KiB;
	// 0 is DefaultWriteTimeout. Then the connection ends with
	// ReasonWriteTimeout.
	WriteTimeout time.Duration

	// HandshakeTimeout bounds the TLS handshake and the upgrade, each; 0 is
	// no bound but ctx.
	HandshakeTimeout time.Duration

	// Goroutines has a goroutine wait for each connection, instead of a poller for
	// all of them. There is a poller on Linux, for connections whose NetDial gave a
	// *net.TCPConn; all others have their goroutine anyway.
	Goroutines bool

	configs tlsConfigs
	shared  sharedLimits
	sources sources
}

var _ Dialer = (*WebSocket)(nil)

// Check reports everything that is wrong with the fields at once, each as an
// *[messages.Error] with ReasonInvalidSpec. Dial does not check them again,
// except for headers and subprotocols.
func (w *WebSocket) Check() error {
	if w == nil {
		return invalidField("it is nil; use new(transport.WebSocket)")
	}
	errs := notNegative("websocket", []bound{
		{"MessageLimit", int64(w.MessageLimit)},
		{"FrameLimit", int64(w.FrameLimit)},
		{"WriteLimit", int64(w.WriteLimit)},
		{"WriteTimeout", int64(w.WriteTimeout)},
		{"HandshakeTimeout", int64(w.HandshakeTimeout)},
	})
	if w.FrameLimit > w.messageLimit() {
		errs = append(errs, invalidField("FrameLimit %d is above MessageLimit %d", w.FrameLimit, w.messageLimit()))
	}
	errs = append(errs, checkSources("websocket", w.LocalAddrs, w.NetDial != nil)...)
	errs = append(errs, checkHeader(w.Header)...)
	errs = append(errs, checkSubprotocols(w.Subprotocols)...)
	return errors.Join(errs...)
}

// Dials returns the schemes that it dials: ws and wss.
func (w *WebSocket) Dials() []string { return []string{"ws", "wss"} }

// Sources is how many local addresses a connection can come from, whatever its
// family: 1 if the system chooses.
func (w *WebSocket) Sources() int { return fewest(w.LocalAddrs) }

func (w *WebSocket) road() road {
	return road{
		tls: w.TLS, configs: &w.configs, proxy: w.Proxy, netDial: w.NetDial, timeout: w.HandshakeTimeout,
		from: w.LocalAddrs, sources: &w.sources,
		alpn: []string{"http/1.1"}, // no other version can be upgraded
	}
}

func (w *WebSocket) messageLimit() int { return cmp.Or(w.MessageLimit, DefaultMessageLimit) }

func (w *WebSocket) limits() *limits {
	return w.shared.of(limits{
		message:      int64(w.messageLimit()),
		frame:        int64(cmp.Or(w.FrameLimit, w.messageLimit())),
		write:        cmp.Or(w.WriteLimit, DefaultWriteLimit),
		writeTimeout: cmp.Or(w.WriteTimeout, DefaultWriteTimeout),
	})
}

// bound is a field of a dialer that must not be negative.
type bound struct {
	name  string
	value int64
}

func notNegative(op string, bounds []bound) (errs []error) {
	for _, b := range bounds {
		if b.value < 0 {
			errs = append(errs, invalid(op, "%s is negative; 0 means the default", b.name))
		}
	}
	return errs
}

func invalidField(format string, args ...any) error {
	return invalid("websocket", format, args...)
}

// handshakeHeaders are written by the handshake itself, or would change how
// the request ends.
var handshakeHeaders = map[string]string{
	"Upgrade":                  "",
	"Connection":               "",
	"Sec-Websocket-Key":        "",
	"Sec-Websocket-Version":    "",
	"Sec-Websocket-Accept":     "",
	"Sec-Websocket-Extensions": "; set Compression instead",
	"Sec-Websocket-Protocol":   "; set Subprotocols instead",
	"Content-Length":           "",
	"Transfer-Encoding":        "",
}

// checkHeader says which headers cannot be sent. Values are not shown: they
// may be credentials.
func checkHeader(header http.Header) (errs []error) {
	for name, values := range header {
		if hint, owned := handshakeHeaders[http.CanonicalHeaderKey(name)]; owned {
			errs = append(errs, invalidField("the header %q belongs to the handshake%s", name, hint))
		}
		if !httpguts.ValidHeaderFieldName(name) {
			// A whole header line in the place of a name has a value in it.
			token, _, _ := strings.Cut(name, ":")
			errs = append(errs, invalidField("%q is not the name of a header", token))
		}
		for _, value := range values {
			if !httpguts.ValidHeaderFieldValue(value) {
				errs = append(errs, invalidField("the value of header %q has characters that a header cannot have", name))
			}
		}
	}
	return errs
}

// checkSubprotocols says which subprotocols cannot be offered: each is a
// distinct token (RFC 6455, 4.1).
func checkSubprotocols(names []string) (errs []error) {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		switch {
		case !httpguts.ValidHeaderFieldName(name): // the same grammar: a token
			errs = append(errs, invalidField("the subprotocol %q is not a token (RFC 6455, 4.1)", name))
		case seen[name]:
			errs = append(errs, invalidField("the subprotocol %q is offered twice (RFC 6455, 4.1)", name))
		}
		seen[name] = true
	}
	return errs
}
