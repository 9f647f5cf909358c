package wire

// maxLength is how many bytes the length of a body may take.
const maxLength = 4

// Decoder turns the bytes of a peer into frames, from any split of the stream. It
// keeps only what belongs to a frame that is not whole yet, so between frames it
// costs nothing. The zero value is ready.
//
// A length above [MaxBody] is refused when it is read; and memory for a body grows
// with what has arrived, never with what was announced.
type Decoder struct {
	flaw error // ended the stream

	inside  bool // after the first byte of a frame
	typ     Type
	flags   Flags
	counted uint8 // bytes of the length so far
	length  int   // of the body, as far as it is known
	known   bool  // the length is
	body    []byte
}

// Next returns the first frame that is whole within in, and the bytes after it.
// Without one it has consumed everything. An error ends the stream: Next returns it
// from then on.
//
// The body of a frame that lay in one piece is a part of in; one that had to be
// put together is a buffer of its own.
func (d *Decoder) Next(in []byte) (f Frame, rest []byte, ok bool, err error) {
	if d.flaw != nil {
		return Frame{}, nil, false, d.flaw
	}
	if in, ok, d.flaw = d.header(in); d.flaw != nil || !ok {
		return Frame{}, nil, false, d.flaw
	}
	if d.body == nil && len(in) >= d.length {
		f = Frame{d.typ, d.flags, in[:d.length:d.length]}
		rest = in[d.length:]
		*d = Decoder{}
		return f, rest, true, nil
	}
	n := min(d.length-len(d.body), len(in))
	d.body = grow(d.body, n, d.length)
	d.body = append(d.body, in[:n]...)
	if len(d.body) < d.length {
		return Frame{}, nil, false, nil
	}
	f = Frame{d.typ, d.flags, d.body}
	*d = Decoder{}
	return f, in[n:], true, nil
}

// header consumes a frame's first byte and its length, or as much of them as is
// there; ok says that they are whole.
func (d *Decoder) header(in []byte) (rest []byte, ok bool, err error) {
	for len(in) > 0 && !d.known {
		b := in[0]
		in = in[1:]
		switch {
		case !d.inside:
			d.inside, d.typ, d.flags = true, Type(b>>4), Flags(b&0x0f)
			if d.typ.reserved() {
				return nil, false, broken("a frame has the reserved type %d", d.typ)
			}
			d.known = d.typ.single()
		default:
			d.length |= int(b&0x7f) << (7 * d.counted)
			d.counted++
			switch more := b&0x80 != 0; {
			case d.length > MaxBody:
				return nil, false, announced(d.typ, d.length)
			case more && d.counted == maxLength:
				return nil, false, broken("the length of a %s has more than %d bytes", d.typ, maxLength)
			default:
				d.known = !more
			}
		}
	}
	return in, d.known, nil
}

// grow makes room for n more bytes in b, of a body of that length. It doubles, but
// takes no more than the body can fill: memory stays within twice of what arrived.
func grow(b []byte, n, length int) []byte {
	need := len(b) + n
	if b != nil && need <= cap(b) {
		return b
	}
	room := max(need, min(2*cap(b), length))
	return append(make([]byte, 0, room), b...)
}
