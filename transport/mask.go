package transport

import (
	"crypto/rand"
	"sync"
)

// masks are masking keys that were drawn ahead. The system is asked for random
// bytes once for many frames: asking costs little, but its stack is deep, and on
// the fresh goroutine that sends a heartbeat the growth cost more than the rest
// of the frame.
var masks = sync.Pool{New: func() any { return new(maskStore) }}

type maskStore struct {
	bytes [512]byte
	left  int
}

// newMask is a masking key for one frame. It must not be predictable for who
// chose the payload, or a page of theirs could put bytes of their choice on the
// wire (RFC 6455, 10.3).
func newMask() (key [4]byte) {
	store := masks.Get().(*maskStore)
	defer masks.Put(store)
	if store.left == 0 {
		_, _ = rand.Read(store.bytes[:]) // never returns an error, see crypto/rand
		store.left = len(store.bytes)
	}
	store.left -= copy(key[:], store.bytes[store.left-len(key):store.left])
	return key
}
