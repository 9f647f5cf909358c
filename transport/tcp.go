package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// TCP dials tcp://host:port and tls://host:port, for protocols that frame
// themselves: its connections carry a stream of bytes. The zero value is ready
// to use; one TCP serves any number of channels, concurrently. Its fields must
// not be changed once it is in use, and it must not be copied then.
//
// What its connections do otherwise than those of a [WebSocket]:
//
//   - Read returns what has arrived, 1 byte to 16 KiB, as a FrameBinary. Where
//     the stream is cut into such chunks means nothing: the protocol finds its
//     units in them.
//   - Write sends the Data of a FrameBinary or FrameText as it is. A FramePing
//     or FramePong is ReasonNotSupported: heartbeats are the protocol's to send,
//     and [Raw], whose heartbeat is a ping, needs a channel without any.
//   - Close sends what is queued and then the end of the stream: under TLS a
//     close-notify. Abort gives both a moment. Code and text go nowhere. Reading
//     goes on until the peer ends its side too; nothing but the caller's patience
//     bounds that. A socket of a NetDial without a CloseWrite method stays open
//     both ways until Abort.
//   - The peer's end is an error of Read with ReasonReadEOF, whoever was first to
//     end. A reset is ReasonReadError, as ever.
//
// Header and Subprotocols of a target are not sent.
type TCP struct {
	// TLS configures tls. The server's name comes from the URL if it names none;
	// no application protocol (ALPN) is offered if it names none; sessions are
	// resumed from a small cache if it has none. It is cloned.
	TLS *tls.Config

	// Proxy tells which proxy, if any, the URL is reached through; see
	// [WebSocket].
	Proxy func(*url.URL) (*url.URL, error)

	// NetDial makes the connection to the server or proxy; nil is a
	// net.Dialer. It must return soon after ctx has ended.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)

	// LocalAddrs are the addresses of this machine that connections come from, in
	// turns; see [WebSocket].
	LocalAddrs []netip.Addr

	// WriteLimit is how many bytes may wait to be written; 0 is
	// DefaultWriteLimit. Above it, Write returns ReasonSlowConsumer; a single
	// frame above it can never be written and is ReasonTooLarge.
	WriteLimit int

	// WriteTimeout is how long the system may take to accept up to 64 KiB;
	// 0 is DefaultWriteTimeout. Then the connection ends with
	// ReasonWriteTimeout.
	WriteTimeout time.Duration

	// HandshakeTimeout bounds the TLS handshake; 0 is no bound but ctx.
	HandshakeTimeout time.Duration

	// Goroutines has a goroutine for each connection; see [WebSocket].
	Goroutines bool

	configs tlsConfigs
	shared  sharedLimits
	sources sources
}

var _ Dialer = (*TCP)(nil)

// Dial makes one connection: TCP, the proxy if there is one, TLS for tls. It
// blocks until the connection is made or ctx ends, whichever stage it is at, and
// leaves no goroutine and no socket behind when it returns an error. That error
// is an *[messages.Error] whose reason says what went wrong. A target that
// cannot be dialled is ReasonBadRequest: dialling it again would not help.
func (t *TCP) Dial(ctx context.Context, target Target) (Conn, error) {
	a, err := newAttempt(t.road(), target.URL, t.Dials()...)
	if err != nil {
		return nil, undiallable(err)
	}
	raw, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	sock, err := a.stream(ctx, raw)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	info := ConnInfo{Local: raw.LocalAddr(), Remote: raw.RemoteAddr()}
	return newConn(sock, raw, t.Goroutines, true, nil, info, t.limits()), nil
}

// stream does what comes after the connection is made.
func (a *attempt) stream(ctx context.Context, raw net.Conn) (net.Conn, error) {
	if a.url.Scheme == "tls" {
		return a.secure(ctx, raw)
	}
	if err := ctx.Err(); err != nil { // it came late
		return nil, a.failed(ctx, err, messages.ReasonUnreachable, "connecting")
	}
	return raw, nil
}

// Check reports everything that is wrong with the fields at once, each as an
// *[messages.Error] with ReasonInvalidSpec. Dial does not check them again.
func (t *TCP) Check() error {
	if t == nil {
		return invalid("tcp", "it is nil; use new(transport.TCP)")
	}
	errs := notNegative("tcp", []bound{
		{"WriteLimit", int64(t.WriteLimit)},
		{"WriteTimeout", int64(t.WriteTimeout)},
		{"HandshakeTimeout", int64(t.HandshakeTimeout)},
	})
	return errors.Join(append(errs, checkSources("tcp", t.LocalAddrs, t.NetDial != nil)...)...)
}

// Dials returns the schemes that it dials: tcp and tls.
func (t *TCP) Dials() []string { return []string{"tcp", "tls"} }

// Sources is how many local addresses a connection can come from, whatever its
// family: 1 if the system chooses.
func (t *TCP) Sources() int { return fewest(t.LocalAddrs) }

func (t *TCP) road() road {
	return road{tls: t.TLS, configs: &t.configs, proxy: t.Proxy, netDial: t.NetDial, from: t.LocalAddrs, sources: &t.sources, timeout: t.HandshakeTimeout}
}

func (t *TCP) limits() *limits {
	return t.shared.of(limits{
		write:        cmp.Or(t.WriteLimit, DefaultWriteLimit),
		writeTimeout: cmp.Or(t.WriteTimeout, DefaultWriteTimeout),
	})
}
