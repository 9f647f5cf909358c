package transport

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/seed14814784/holdfast/messages"
)

// FrameKind tells the frames of a connection apart.
type FrameKind uint8

// The kinds of frames. Data frames of a [WebSocket] are whole messages: fragments
// were joined. Those of a [TCP] are chunks of a stream.
const (
	FrameText FrameKind = iota
	FrameBinary
	FramePing // inbound pings were answered already when they are read
	FramePong
)

// Frame is one unit that a connection carries. Data read from a connection
// belongs to the reader; data handed to Write must not be changed after it.
type Frame struct {
	Kind FrameKind
	Data []byte
}

// Dialer makes connections. Dial blocks until the connection is usable
// (upgraded, for WebSocket) or ctx ends, and must return soon after ctx has
// ended: the channel's next attempt waits for it, so that there are never two
// connections of one channel. Errors carry a reason; see [ReasonOf].
type Dialer interface {
	Dial(ctx context.Context, target Target) (Conn, error)
}

// DialerFunc is a function that is a Dialer.
type DialerFunc func(ctx context.Context, target Target) (Conn, error)

// Dial calls the function.
func (f DialerFunc) Dial(ctx context.Context, target Target) (Conn, error) { return f(ctx, target) }

// Check reports a function that is nil.
func (f DialerFunc) Check() error {
	if f == nil {
		return invalid("dialer", "the dialer's function is nil; use new(transport.WebSocket)")
	}
	return nil
}

// ErrWouldBlock is what Read returns when no whole frame is here. The next
// readiness report is armed by it.
var ErrWouldBlock = errors.New("transport: no frame is here yet")

// Conn is one physical connection, driven by readiness: nothing in it blocks,
// and nothing is read before somebody asks. One goroutine at a time may use it,
// except for Abort, which may be called from anywhere at any time.
//
// What is said here about close frames and pings is WebSocket; see [TCP] for what
// a stream does instead.
type Conn interface {
	// Watch starts the readiness reports and is called once, before anything
	// else; a second call does nothing. notify is called when it is worth
	// calling Read or looking at Written again: from any goroutine, from several
	// at once, and not any more once the done of Abort was called. It must not
	// block; it may use the connection. After Read returned ErrWouldBlock,
	// arriving bytes or an ending cause at least one call. Several reports may be
	// merged into one.
	//
	// What notify returns, if not nil, is called right after it and may take as
	// long as it likes: nothing waits for it, neither the connection nor Abort.
	Watch(notify func() (rest func()))

	// Read returns the next frame, ErrWouldBlock if none is here, or the error
	// that ended the connection, after every frame that arrived before it. A
	// close frame arrives as an *messages.Error whose reason is
	// ReasonPeerClose with the code and text of the wire.
	Read() (Frame, error)

	// Write queues a frame and never blocks. A frame that Write returns an error
	// for was not queued: ReasonSlowConsumer when more bytes wait than the
	// connection's limit allows (that passes, and notify is called when Written
	// has risen), ReasonTooLarge when the frame alone is above
	// that limit (or is a ping of more than 125 bytes), ReasonNotConnected after
	// a close frame or Abort, and the error that ended writing, which Read
	// returns as well once it has returned what arrived.
	Write(Frame) error

	// Written is the number of frames given to Write (control frames that the
	// connection answers by itself do not count) whose bytes the system has
	// taken entirely. It rises with the order of Write.
	Written() uint64

	// Close starts the closing handshake after what is queued. Reading goes on
	// until the peer has answered: then Read returns its close frame. Further
	// writes are errors. Code 0 sends none; a code that must not be sent (RFC
	// 6455, 7.4) is ReasonInvalidSpec. Text above 123 bytes is cut. A second
	// call, or one after the peer's close frame, does nothing.
	Close(code int, text string) error

	// Abort ends the connection at once and does not block. A close frame that
	// is queued already gets a moment to leave (250 ms at most). done, if not
	// nil, is called once nothing of the connection is left, no goroutine and no
	// descriptor, and Written is final: from another goroutine, never from
	// within Abort. Every call's done is called once.
	Abort(done func())

	// Info tells about the connection. It is asked before Watch: a connection that
	// is watched may have forgotten.
	Info() ConnInfo
}

// Lender is a [Conn] that need not copy what it reads.
type Lender interface {
	// Lend has Read return Data that is the reader's until the next Read only. It is
	// called before Watch.
	Lend()
}

// ConnInfo is what is known about a connection since it was made.
type ConnInfo struct {
	Local       net.Addr
	Remote      net.Addr
	Subprotocol string
	Header      http.Header // of the server's answer to the upgrade
	Compressed  bool        // permessage-deflate was agreed on
}

// ReasonOf is the reason an error of this package, of the standard library's
// network packages or of a context carries; errors without one get the
// fallback code and their own words.
func ReasonOf(err error, fallback messages.Code) messages.Reason {
	return reasonOf(err, fallback)
}
