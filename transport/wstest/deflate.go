package wstest

import (
	"bytes"
	"compress/flate"
	"io"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
)

// deflation is permessage-deflate (RFC 7692) without context takeover.
type deflation struct {
	extension wsflate.Extension
	agreed    bool
}

func newDeflation() *deflation {
	return &deflation{extension: wsflate.Extension{Parameters: wsflate.Parameters{
		ServerNoContextTakeover: true,
		ClientNoContextTakeover: true,
	}}}
}

func (d *deflation) settle() { _, d.agreed = d.extension.Accepted() }

// tail is what a message leaves out at its end (RFC 7692, 7.2.2), and an empty
// last block, so that the reader finds an end.
const tail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

func inflate(compressed []byte) ([]byte, error) {
	return io.ReadAll(io.LimitReader(
		flate.NewReader(io.MultiReader(bytes.NewReader(compressed), bytes.NewReader([]byte(tail)))), maxPayload))
}

func deflate(plain []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.DefaultCompression) // the level is legal
	_, _ = w.Write(plain)                                 // a buffer takes everything
	_ = w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte(tail[:4]))
}

// legal reports whether the reserved bits of a client's frame are what was
// agreed on: RSV1 on the first frame of a message.
func (d *deflation) legal(h ws.Header) bool {
	first := h.OpCode == ws.OpText || h.OpCode == ws.OpBinary
	return h.Rsv == 0 || d.agreed && first && h.Rsv == ws.Rsv(true, false, false)
}
