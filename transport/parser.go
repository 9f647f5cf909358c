package transport

import (
	"encoding/binary"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/seed14814784/holdfast/messages"
)

// unit is what the parser makes of bytes: a whole message or a control frame.
type unit struct {
	op   byte // opText, opBinary, opPing, opPong or opClose
	data []byte
}

// violation is what ends the parsing: what was wrong, and the close code that
// tells the peer.
type violation struct {
	code   messages.Code
	close  int
	detail string
}

func (v *violation) Error() string { return v.detail }

func broken(format string, args ...any) *violation {
	return &violation{messages.ReasonProtocolError, closeProtocolError, fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) *violation {
	return &violation{messages.ReasonFrameTooLarge, closeTooBig, fmt.Sprintf(format, args...)}
}

var errBadText = &violation{messages.ReasonProtocolError, closeBadText, "a text message is not UTF-8 (RFC 6455, 8.1)"}

// parser turns the bytes of a server into messages and control frames,
// strictly by RFC 6455, from any split of the stream: it consumes every byte it
// is given and keeps only what belongs to a unit that is not whole yet, in a piece of
// memory that is not there while there is no such unit.
//
// Limits are enforced from the header, before memory is taken; and memory for a
// payload grows with what has arrived, never with what was announced.
type parser struct {
	limits  *limits
	deflate bool     // permessage-deflate was negotiated
	lent    bool     // payloads need no copy
	kept    *partial // nil between two units
}

// partial is what has arrived of a unit.
type partial struct {
	head    [maxHeader]byte // a header that has not arrived entirely
	headLen uint8

	inside bool  // in the payload of a frame
	fin    bool  // of that frame
	op     byte  // of that frame
	left   int64 // payload bytes of that frame that are missing

	control []byte // payload of a control frame

	joining    bool   // between the first frame of a message and its end
	kind       byte   // opText or opBinary
	compressed bool   // RSV1 was set on the first frame
	data       []byte // payload so far
	checked    int    // how much of a text is known to be UTF-8
}

var partials = sync.Pool{New: func() any { return new(partial) }}

func (p *partial) unfinished() bool { return p.inside || p.joining || p.headLen > 0 }

// scan is a parser at work.
type scan struct {
	*parser
	partial
}

// next returns the first unit that is whole within in, and the bytes after it.
// Without one it has consumed everything. A violation ends the stream: next
// must not be called again.
func (p *parser) next(in []byte) (u unit, rest []byte, ok bool, err *violation) {
	s := scan{parser: p}
	if p.kept != nil {
		s.partial = *p.kept
	}
	u, rest, ok, err = s.next(in)
	p.keep(&s.partial)
	return u, rest, ok, err
}

// keep keeps what there is of a unit.
func (p *parser) keep(now *partial) {
	switch whole := !now.unfinished(); {
	case !whole && p.kept == nil:
		p.kept = partials.Get().(*partial)
		*p.kept = *now
	case !whole:
		*p.kept = *now
	case p.kept != nil:
		*p.kept = partial{}
		partials.Put(p.kept)
		p.kept = nil
	}
}

func (p *scan) next(in []byte) (u unit, rest []byte, ok bool, err *violation) {
	for {
		if !p.inside {
			if in, ok, err = p.header(in); err != nil || !ok {
				return unit{}, nil, false, err
			}
		}
		n := min(p.left, int64(len(in)))
		u, ok, err = p.payload(in[:n])
		in = in[n:]
		if err != nil || ok {
			return u, in, ok, err
		}
		if p.inside {
			return unit{}, nil, false, nil // everything is consumed
		}
	}
}

func (p *parser) lend() { p.lent = true }

// unfinished reports whether part of a unit has arrived and part has not.
func (p *parser) unfinished() bool { return p.kept != nil }

// header consumes the header of a frame, or as much of it as is there.
func (p *scan) header(in []byte) (rest []byte, ok bool, err *violation) {
	for {
		need := 2
		if p.headLen >= 2 {
			need = headerSize(p.head[1])
		}
		if n := copy(p.head[p.headLen:need], in); n > 0 {
			p.headLen += uint8(n)
			in = in[n:]
		}
		switch {
		case int(p.headLen) < need:
			return nil, false, nil
		case need == 2 && headerSize(p.head[1]) > 2:
			continue
		}
		p.headLen = 0
		return in, true, p.begin(p.head[:need])
	}
}

// headerSize is the size of a server's header with that second byte. A masked
// frame is refused anyway, so its key does not count.
func headerSize(second byte) int {
	switch second & bitsLen {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}

// begin checks a whole header and enters its payload.
func (p *scan) begin(head []byte) *violation {
	op, fin, rsv1 := head[0]&bitsOp, head[0]&bitFin != 0, head[0]&bitRsv1 != 0
	length, least := int64(head[1]&bitsLen), int64(0)
	switch len(head) {
	case 4:
		length, least = int64(binary.BigEndian.Uint16(head[2:])), 126
	case 10:
		length, least = int64(binary.BigEndian.Uint64(head[2:])), 1<<16
	}
	switch {
	case head[0]&bitsRsv23 != 0 || rsv1 && (!p.deflate || op != opText && op != opBinary):
		return broken("a frame has reserved bits set that were not negotiated (RFC 6455, 5.2)")
	case head[1]&bitMask != 0:
		return broken("a frame from the server is masked (RFC 6455, 5.1)")
	case length < 0:
		return broken("a frame's length has its highest bit set (RFC 6455, 5.2)")
	case length < least:
		return broken("a frame's length of %d is written in more bytes than it needs (RFC 6455, 5.2)", length)
	}
	switch op {
	case opClose, opPing, opPong:
		if !fin || length > maxControl {
			return broken("a control frame is fragmented or longer than 125 bytes (RFC 6455, 5.5)")
		}
		p.control = nil
		if length > 0 {
			p.control = make([]byte, 0, length)
		}
	case opText, opBinary:
		if p.joining {
			return broken("a new message starts before the last fragment of the one before (RFC 6455, 5.4)")
		}
		p.joining, p.kind, p.compressed, p.data, p.checked = true, op, rsv1, nil, 0
	case opContinuation:
		if !p.joining {
			return broken("a continuation frame continues nothing (RFC 6455, 5.4)")
		}
	default:
		return broken("a frame has the unknown opcode %d (RFC 6455, 5.2)", op)
	}
	if !isControl(op) {
		switch {
		case length > p.limits.frame:
			return tooLarge("a frame of %d bytes is above the limit of %d", length, p.limits.frame)
		case length > p.limits.message-int64(len(p.data)):
			return tooLarge("a message is above the limit of %d bytes", p.limits.message)
		}
	}
	p.inside, p.fin, p.op, p.left = true, fin, op, length
	return nil
}

// payload consumes bytes of the current frame's payload and returns the unit
// that they complete.
func (p *scan) payload(b []byte) (u unit, ok bool, err *violation) {
	p.left -= int64(len(b))
	p.inside = p.left > 0
	if isControl(p.op) {
		p.control = append(p.control, b...)
		if p.inside {
			return unit{}, false, nil
		}
		u, p.control = unit{p.op, p.control}, nil
		return u, true, nil
	}
	last := p.fin && !p.inside
	if last && p.lent && len(p.data) == 0 {
		p.data = b[:len(b):len(b)] // the whole message
	} else {
		p.data = grow(p.data, len(b), p.left)
		p.data = append(p.data, b...)
	}
	if p.kind == opText && !p.compressed {
		if p.checked, ok = validText(p.data, p.checked, last); !ok {
			return unit{}, false, errBadText
		}
	}
	if !last {
		return unit{}, false, nil
	}
	u, p.data, p.joining = unit{p.kind, p.data}, nil, false
	if p.compressed {
		if u.data, err = inflate(u.data, p.limits.message); err != nil {
			return unit{}, false, err
		}
		if u.op == opText && !utf8.Valid(u.data) {
			return unit{}, false, errBadText
		}
	}
	return u, true, nil
}

// grow makes room for n more bytes in b, of a frame that has left more to come.
// It doubles, but takes no more than the frame can fill: so memory stays within
// twice of what has arrived, and a payload that arrives at once fits exactly.
func grow(b []byte, n int, left int64) []byte {
	need := len(b) + n
	if need <= cap(b) && b != nil {
		return b
	}
	room := max(need, min(2*cap(b), need+int(left)))
	return append(make([]byte, 0, room), b...)
}

// validText reports whether text is UTF-8 as far as it goes, given that its
// first checked bytes are; the last rune may be cut unless the text is whole.
// It returns how many bytes are certain.
func validText(text []byte, checked int, whole bool) (int, bool) {
	end := len(text)
	if !whole {
		for back := 1; back < utf8.UTFMax && back <= end-checked; back++ {
			if utf8.RuneStart(text[end-back]) {
				if !utf8.FullRune(text[end-back:]) {
					end -= back
				}
				break
			}
		}
	}
	return end, utf8.Valid(text[checked:end])
}
