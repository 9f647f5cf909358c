package transport

import "github.com/seed14814784/holdfast/messages"

// framing is what the bytes of a connection mean: [frames] of RFC 6455, or
// [chunks] of a stream. next and unfinished are called by whoever calls Read,
// the others by whoever writes; those keep nothing.
type framing interface {
	// bounds are the limits of the connection.
	bounds() *limits

	// next returns the first unit that is whole within in, and the bytes after
	// it. Without one it has consumed everything. After a violation it is not
	// called again.
	next(in []byte) (u unit, rest []byte, ok bool, err *violation)

	// lend lets the data of units be parts of in.
	lend()

	// unfinished reports whether part of a unit has arrived and part has not.
	unfinished() bool

	// encode makes a frame ready for append, or says why it cannot be sent.
	encode(frame Frame) (encoded, error)

	// append appends a frame as it is on the wire. It adds size bytes.
	append(b []byte, e encoded) []byte

	// farewell is the last frame of this side. Without one the end of the stream
	// says it: the socket is half-closed.
	farewell(code int, text string) (last encoded, framed bool, err error)
}

// encoded is a frame that is ready to be queued.
type encoded struct {
	op   byte
	rsv1 bool // it is compressed
	data []byte
	size int // on the wire
}

// frames is the framing of RFC 6455.
type frames struct{ parser }

func newFrames(limits *limits, compressed bool) frames {
	return frames{parser{limits: limits, deflate: compressed}}
}

func (f *frames) bounds() *limits { return f.limits }

var kinds = [...]byte{FrameText: opText, FrameBinary: opBinary, FramePing: opPing, FramePong: opPong}

func (f *frames) encode(frame Frame) (encoded, error) {
	if int(frame.Kind) >= len(kinds) {
		return encoded{}, writeError(messages.ReasonNotSupported, "there is no frame of kind %d", frame.Kind)
	}
	e := encoded{op: kinds[frame.Kind], data: frame.Data}
	switch {
	case isControl(e.op) && len(e.data) > maxControl:
		return encoded{}, writeError(messages.ReasonTooLarge, "a ping or pong carries at most %d bytes (RFC 6455, 5.5), not %d", maxControl, len(e.data))
	case f.deflate && !isControl(e.op):
		if smaller, ok := deflate(e.data); ok {
			e.data, e.rsv1 = smaller, true
		}
	}
	e.size = frameSize(len(e.data))
	return e, nil
}

func (*frames) append(b []byte, e encoded) []byte { return appendFrame(b, e.op, e.rsv1, e.data) }

func (*frames) farewell(code int, text string) (last encoded, framed bool, err error) {
	if code != 0 && code != closeNoStatus && !sendable(code) {
		return encoded{}, false, &messages.Error{Op: "close", Reason: messages.Because(messages.ReasonInvalidSpec, "close code %d must not be sent (RFC 6455, 7.4); use 1000 or 3000 to 4999", code)}
	}
	body := closeBody(code, text)
	return encoded{op: opClose, data: body, size: frameSize(len(body))}, true, nil
}
