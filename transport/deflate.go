package transport

import (
	"bytes"
	"io"
	"sync"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws/wsflate"
	"github.com/klauspost/compress/flate"
)

// compressFrom is the size below which compressing costs more than it saves.
const compressFrom = 128

// deflateOffer is what Compression offers (RFC 7692, 7): no context is taken
// over in either direction, so that an idle connection keeps no window.
var deflateOffer = wsflate.Parameters{ServerNoContextTakeover: true, ClientNoContextTakeover: true}

// deflateAgreed reads the server's answer to the offer. ok is false if the
// server answered with something that was not offered.
func deflateAgreed(extensions []httphead.Option) (agreed, ok bool) {
	if len(extensions) == 0 {
		return false, true
	}
	var answer wsflate.Parameters
	if len(extensions) > 1 || answer.Parse(extensions[0]) != nil {
		return false, false
	}
	// A server that accepts the offer must promise to forget its window, and
	// may only limit ours if we said that it can (RFC 7692, 7.1.1 and 7.1.2).
	return true, answer.ServerNoContextTakeover && answer.ClientMaxWindowBits == 0
}

// A compressed message ends before the empty block that would follow it; the
// reader puts it back, with a final block after it so that the end is found
// (RFC 7692, 7.2.2).
var deflateTail = []byte{0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff}

// compressed is a message followed by the tail. It reads byte by byte too, or
// the decompressor would wrap it in a buffer of its own.
type compressed struct {
	message []byte
	tail    []byte
}

func (c *compressed) Read(b []byte) (int, error) {
	if len(c.message) == 0 {
		c.message, c.tail = c.tail, nil
	}
	if len(c.message) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.message)
	c.message = c.message[n:]
	return n, nil
}

func (c *compressed) ReadByte() (byte, error) {
	var b [1]byte
	if _, err := c.Read(b[:]); err != nil {
		return 0, err
	}
	return b[0], nil
}

// inflater is a decompressor with its 32 KiB window. They are pooled: none is
// kept by an idle connection.
type inflater struct {
	source compressed
	flate  io.ReadCloser
}

var inflaters = sync.Pool{New: func() any { return &inflater{flate: flate.NewReader(&compressed{})} }}

// inflate decompresses one message. It stops as soon as more than limit bytes
// came out: what a few bytes can expand to is never taken into memory.
func inflate(message []byte, limit int64) ([]byte, *violation) {
	f := inflaters.Get().(*inflater)
	spoiled := false // by corrupt input: what it leaves behind must not meet the next message
	defer func() {
		if !spoiled {
			f.source = compressed{}
			inflaters.Put(f)
		}
	}()
	f.source = compressed{message, deflateTail}
	if err := f.flate.(flate.Resetter).Reset(&f.source, nil); err != nil {
		return nil, broken("a compressed message cannot be read: %v", err)
	}
	out := make([]byte, 0, min(limit+1, int64(2*len(message)+64)))
	for {
		if len(out) == cap(out) {
			out = grow(out, 1, limit-int64(len(out)))
		}
		n, err := f.flate.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		switch {
		case int64(len(out)) > limit:
			return nil, tooLarge("a compressed message expands to more than the limit of %d bytes", limit)
		case err == io.EOF:
			return out, nil
		case err != nil:
			spoiled = true
			return nil, broken("a compressed message is corrupt (RFC 7692, 7.2.2)")
		}
	}
}

// deflate compresses one message, or returns false if that would not make it
// smaller.
func deflate(message []byte) ([]byte, bool) {
	if len(message) < compressFrom {
		return nil, false
	}
	var out bytes.Buffer
	out.Grow(len(message))
	if err := flate.StatelessDeflate(&out, message, false, nil); err != nil {
		return nil, false
	}
	b, ok := bytes.CutSuffix(out.Bytes(), deflateTail[:4])
	return b, ok && len(b) < len(message)
}
