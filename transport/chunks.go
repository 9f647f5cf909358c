package transport

import (
	"bytes"

	"github.com/seed14814784/holdfast/messages"
)

// chunks is the framing of a stream: none. What has arrived is a unit, and what
// is written goes as it is.
type chunks struct {
	limits *limits
	lent   bool
}

func (c *chunks) bounds() *limits { return c.limits }

// next takes everything. It is a copy, unless it is lent: the driver reads into the same
// buffer again.
func (c *chunks) next(in []byte) (u unit, rest []byte, ok bool, err *violation) {
	if !c.lent {
		in = bytes.Clone(in)
	}
	return unit{opBinary, in}, nil, true, nil
}

func (c *chunks) lend() { c.lent = true }

// unfinished is not for a stream to say: only its protocol knows.
func (*chunks) unfinished() bool { return false }

func (*chunks) encode(frame Frame) (encoded, error) {
	if frame.Kind != FrameText && frame.Kind != FrameBinary {
		return encoded{}, writeError(messages.ReasonNotSupported, "a stream of bytes has no frame of kind %d; send the protocol's own heartbeat as FrameBinary", frame.Kind)
	}
	return encoded{data: frame.Data, size: len(frame.Data)}, nil
}

func (*chunks) append(b []byte, e encoded) []byte { return append(b, e.data...) }

func (*chunks) farewell(int, string) (last encoded, framed bool, err error) {
	return encoded{}, false, nil
}
