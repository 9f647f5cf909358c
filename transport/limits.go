package transport

import (
	"sync/atomic"
	"time"
)

// limits are the bounds of one connection.
type limits struct {
	message      int64         // bytes of an inbound message, after inflating
	frame        int64         // bytes of an inbound frame
	write        int           // bytes that may wait to be written
	writeTimeout time.Duration // for each piece that is given to the system
}

// sharedLimits are those of a dialer, once for all of its connections. Its zero value
// is ready.
type sharedLimits struct{ atomic.Pointer[limits] }

// of are these limits, which are always the same.
func (s *sharedLimits) of(l limits) *limits {
	if shared := s.Load(); shared != nil {
		return shared
	}
	s.Store(&l)
	return &l
}
