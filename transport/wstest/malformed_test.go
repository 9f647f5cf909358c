package wstest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// gobwas accepts what it can read, so this one is for stricter clients.
const tolerated = "a length in more bytes than needed"

func TestMalformedFramesAreMalformed(t *testing.T) {
	for name, malice := range Malformed() {
		reader := &wsutil.Reader{Source: bytes.NewReader(malice.Raw), State: ws.StateClientSide, CheckUTF8: true}
		err := readAll(reader)
		if (err == nil) != (name == tolerated) {
			t.Errorf("%s: the client got %v", name, err)
		}
	}
}

// readAll reads messages until an error; nil if it is the end of the bytes
// between two messages.
func readAll(reader *wsutil.Reader) error {
	reader.OnIntermediate = wsutil.ControlFrameHandler(&bytes.Buffer{}, ws.StateClientSide)
	for {
		header, err := reader.NextFrame()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if header.OpCode == ws.OpClose {
			return wsutil.ClosedError{}
		}
		if _, err := new(bytes.Buffer).ReadFrom(reader); err != nil {
			return err
		}
	}
}
