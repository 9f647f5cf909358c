package wire

import (
	"encoding/binary"
	"math"

	"github.com/seed14814784/holdfast/messages"
)

// room is what a frame's header takes while its body is written: a length up to
// MaxBody needs three bytes. A shorter one is closed up in the end, which costs less
// than to know every size beforehand, and keeps each layout in one place.
const room = 1 + 3

// writer appends one frame.
type writer struct {
	of    Type
	b     []byte
	start int
	flaw  error
}

func begin(b []byte, t Type, flags Flags) writer {
	return writer{of: t, start: len(b), b: append(b, byte(t)<<4|byte(flags&0x0f), 0, 0, 0)}
}

// end returns the buffer with the frame; as it was before, if the frame has a flaw.
func (w *writer) end() ([]byte, error) {
	body := w.b[w.start+room:]
	if w.flaw == nil && len(body) > MaxBody {
		w.tooLong("body", len(body), MaxBody)
	}
	if w.flaw != nil {
		return w.b[:w.start], w.flaw
	}
	b := binary.AppendUvarint(w.b[:w.start+1], uint64(len(body)))
	return append(b, body...), nil
}

func (w *writer) tooLong(field string, size, limit int) {
	if w.flaw == nil {
		w.flaw = unsendable(messages.ReasonTooLarge, "the %s of a %s has %d bytes; the limit is %d", field, w.of, size, limit)
	}
}

func (w *writer) u8(v byte)    { w.b = append(w.b, v) }
func (w *writer) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *writer) u64(v uint64) { w.b = binary.BigEndian.AppendUint64(w.b, v) }

// seq is a sequence number, whose width is the version's.
func (w *writer) seq(v uint64, version byte) {
	switch {
	case version >= VersionWide:
		w.u64(v)
	case v <= math.MaxUint32:
		w.u32(uint32(v))
	case w.flaw == nil:
		w.flaw = unsendable(messages.ReasonInvalidMessage, "the messageSeq %d of a %s does not fit into the 32 bits of version %d", v, w.of, version)
	}
}

// text is a string of at most maxText bytes.
func (w *writer) text(field, s string) {
	if len(s) > maxText {
		w.tooLong(field, len(s), maxText)
		return
	}
	w.b = append(binary.BigEndian.AppendUint16(w.b, uint16(len(s))), s...)
}

// bytes is text that is bytes.
func (w *writer) bytes(field string, b []byte) {
	if len(b) > maxText {
		w.tooLong(field, len(b), maxText)
		return
	}
	w.b = append(binary.BigEndian.AppendUint16(w.b, uint16(len(b))), b...)
}

// rest is what fills the frame. Its size is looked at before memory is taken.
func (w *writer) rest(field string, b []byte) {
	if len(b) > MaxBody {
		w.tooLong(field, len(b), MaxBody)
		return
	}
	w.b = append(w.b, b...)
}
