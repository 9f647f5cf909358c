package wire

import "encoding/binary"

// reader takes a body apart. The first field that is not there is remembered as
// the flaw, and everything after it reads as zero.
type reader struct {
	of   Type
	b    []byte
	at   int
	flaw error
}

func (f Frame) reader() reader { return reader{of: f.Type, b: f.Body} }

// left is how many bytes were not read yet.
func (r *reader) left() int { return len(r.b) - r.at }

// take is the next n bytes.
func (r *reader) take(n int, field string) []byte {
	if r.flaw == nil && r.left() < n {
		r.flaw = broken("a %s of %d bytes ends within its %s", r.of, len(r.b), field)
	}
	if r.flaw != nil {
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at : r.at]
}

func (r *reader) u8(field string) byte {
	if b := r.take(1, field); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u32(field string) uint32 {
	if b := r.take(4, field); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64(field string) uint64 {
	if b := r.take(8, field); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// seq is a sequence number, whose width is the version's.
func (r *reader) seq(version byte) uint64 {
	if version >= VersionWide {
		return r.u64("messageSeq")
	}
	return uint64(r.u32("messageSeq"))
}

// bytes is a string that stays where it is.
func (r *reader) bytes(field string) []byte {
	b := r.take(2, field)
	if b == nil {
		return nil
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > maxText {
		r.flaw = broken("the %s of a %s has %d bytes; a string has %d at most", field, r.of, n, maxText)
		return nil
	}
	return r.take(n, field)
}

// span is where a string lies. A frame's strings are made together, in one piece of
// memory.
type span struct{ from, to int }

func (r *reader) text(field string) span {
	n := len(r.bytes(field))
	return span{r.at - n, r.at}
}

// head is what has been read, as the text that spans lie in.
func (r *reader) head() string { return string(r.b[:r.at]) }

func (s span) of(head string) string { return head[s.from:s.to] }

// rest is all that was not read yet; nil if there is nothing.
func (r *reader) rest() []byte {
	if r.flaw != nil || r.left() == 0 {
		return nil
	}
	return r.take(r.left(), "payload")
}
