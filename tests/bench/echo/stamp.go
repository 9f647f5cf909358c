package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"time"

	"github.com/seed14814784/holdfast/tests/bench/internal/server"
)

// zero is when time begins for stamps.
var zero = time.Now()

// message bears a time, in digits: it is a text.
func message(at time.Duration) []byte {
	data := bytes.Repeat([]byte{'x'}, server.Size)
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(at))
	hex.Encode(data, stamp[:])
	return data
}

// stamped is the time that a message bears.
func stamped(data []byte) time.Duration {
	var stamp [8]byte
	if _, err := hex.Decode(stamp[:], data[:16]); err != nil {
		panic(err) // the server sends back what it gets
	}
	return time.Duration(binary.BigEndian.Uint64(stamp[:]))
}
