package wstest

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// The opcodes of RFC 6455, 5.2, as [Frame] has them.
const (
	OpContinuation byte = 0x0
	OpText         byte = 0x1
	OpBinary       byte = 0x2
	OpClose        byte = 0x8
	OpPing         byte = 0x9
	OpPong         byte = 0xA
)

// Frame is a frame as it is on the wire (RFC 6455, 5.2), legal or not.
type Frame struct {
	Op     byte // 0x0 to 0xF
	More   bool // FIN is not set: fragments follow
	Rsv    byte // the reserved bits, RSV1 is 4
	Masked bool // with a zero mask, which no server may send
	Length int  // what the header says, if it is not the length of Data
	Data   []byte
}

// Bytes is the frame as it is on the wire.
func (f Frame) Bytes() []byte {
	header := ws.Header{
		Fin: !f.More, Rsv: f.Rsv, OpCode: ws.OpCode(f.Op), Masked: f.Masked, Length: int64(len(f.Data)),
	}
	if f.Length > 0 {
		header.Length = int64(f.Length)
	}
	var b bytes.Buffer
	_ = ws.WriteHeader(&b, header) // a buffer takes everything
	b.Write(f.Data)
	return b.Bytes()
}

var opNames = map[byte]string{
	OpContinuation: "continuation", OpText: "text", OpBinary: "binary",
	OpClose: "close", OpPing: "ping", OpPong: "pong",
}

// String describes the frame as a transcript shows it.
func (f Frame) String() string {
	name, ok := opNames[f.Op]
	if !ok {
		name = fmt.Sprintf("opcode %#x", f.Op)
	}
	s := name + " " + quote(f.Data)
	if f.More {
		s += " ..."
	}
	if f.Rsv != 0 {
		s += fmt.Sprintf(" rsv=%d", f.Rsv)
	}
	if f.Masked {
		s += " masked"
	}
	if f.Length > 0 {
		s += fmt.Sprintf(" length=%d", f.Length)
	}
	return s
}

// Message is a whole message.
type Message struct {
	Binary     bool
	Data       []byte
	Compressed bool // the client sent it compressed
	Fragmented bool // the client sent it in more than one frame
}

func (m Message) frame() Frame {
	if m.Binary {
		return Frame{Op: OpBinary, Data: m.Data}
	}
	return Frame{Op: OpText, Data: m.Data}
}

// String describes the message as a transcript shows it.
func (m Message) String() string { return m.frame().String() }

// shownBytes is how much of a payload a transcript shows.
const shownBytes = 100

// quote renders a payload: quoted if it is text, else in hex.
func quote(data []byte) string {
	shown, rest := data, ""
	if len(data) > shownBytes {
		shown, rest = data[:shownBytes], fmt.Sprintf("... %d bytes", len(data))
		for !utf8.Valid(shown) && len(shown) > shownBytes-utf8.UTFMax {
			shown = shown[:len(shown)-1] // do not cut a character in two
		}
	}
	if utf8.Valid(shown) {
		return strconv.Quote(string(shown)) + rest
	}
	return fmt.Sprintf("%x", shown) + rest
}

// closeBody is a close frame's body; code 0 has none.
func closeBody(code int, text string) []byte {
	if code == 0 {
		return nil
	}
	return append([]byte{byte(code >> 8), byte(code)}, text...)
}

// closing describes a close frame by its body.
func closing(body []byte) string {
	switch {
	case len(body) == 0:
		return "close"
	case len(body) == 1:
		return fmt.Sprintf("close body=%x", body)
	case len(body) == 2:
		return fmt.Sprintf("close %d", closeCode(body))
	default:
		return fmt.Sprintf("close %d %s", closeCode(body), quote(body[2:]))
	}
}

// closeCode is the code in a close frame's body, 0 if there is none.
func closeCode(body []byte) int {
	if len(body) < 2 {
		return 0
	}
	return int(body[0])<<8 | int(body[1])
}
