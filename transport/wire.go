package transport

import (
	"encoding/binary"

	"github.com/gobwas/ws"
)

// The opcodes of RFC 6455, 5.2.
const (
	opContinuation = byte(ws.OpContinuation)
	opText         = byte(ws.OpText)
	opBinary       = byte(ws.OpBinary)
	opClose        = byte(ws.OpClose)
	opPing         = byte(ws.OpPing)
	opPong         = byte(ws.OpPong)
)

// The first two bytes of a frame.
const (
	bitFin    = 0x80
	bitRsv1   = 0x40
	bitsRsv23 = 0x30
	bitsOp    = 0x0f
	bitMask   = 0x80
	bitsLen   = 0x7f
)

// maxControl is the most a control frame may carry (RFC 6455, 5.5).
const maxControl = ws.MaxControlFramePayloadSize

// maxHeader is the longest header of a frame: two bytes, eight of length, four
// of mask.
const maxHeader = ws.MaxHeaderSize

func isControl(op byte) bool { return op&0x8 != 0 }

// frameSize is how many bytes appendFrame adds for a payload of n bytes.
func frameSize(n int) int {
	switch {
	case n <= 125:
		return 2 + 4 + n
	case n <= 0xffff:
		return 4 + 4 + n
	default:
		return 10 + 4 + n
	}
}

// appendFrame appends one whole frame as a client sends it: final, masked with
// a key of its own (RFC 6455, 5.3). rsv1 marks a compressed message (RFC 7692,
// 6). The payload is copied.
func appendFrame(b []byte, op byte, rsv1 bool, payload []byte) []byte {
	first := bitFin | op
	if rsv1 {
		first |= bitRsv1
	}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, first, bitMask|byte(n))
	case n <= 0xffff:
		b = append(b, first, bitMask|126)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b = append(b, first, bitMask|127)
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	mask := newMask()
	b = append(b, mask[:]...)
	start := len(b)
	b = append(b, payload...)
	ws.Cipher(b[start:], mask, 0)
	return b
}
