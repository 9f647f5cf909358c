package wstest

import "time"

// capacity is what the buffers of a stream hold, both sides together.
const capacity = 64 << 10

// stream is one direction of a pair: what is under way, and what has arrived.
type stream struct {
	from, to *end
	flight   []segment
	arrived  []byte
	size     int // bytes in flight and arrived
	ended    bool
}

// segment is a piece of a stream. The last one is empty and is an EOF.
type segment struct {
	data []byte
	last bool
	due  time.Time
}

func (s *stream) room() int { return capacity - s.size }

func (s *stream) push(piece segment) {
	s.flight = append(s.flight, piece)
	s.size += len(piece.data)
}

// settle delivers what is due, in order.
func (s *stream) settle(now time.Time) {
	for len(s.flight) > 0 && !s.flight[0].due.After(now) {
		piece := s.flight[0]
		s.flight = s.flight[1:]
		switch {
		case piece.last:
			s.ended = true
		case s.to.closed:
			s.size -= len(piece.data)
			s.from.bounced = true
		default:
			s.arrived = append(s.arrived, piece.data...)
		}
	}
}

// take moves arrived bytes to b.
func (s *stream) take(b []byte) int {
	n := copy(b, s.arrived)
	s.arrived = s.arrived[n:]
	if len(s.arrived) == 0 {
		s.arrived = nil
	}
	s.size -= n
	return n
}

// discard forgets what has arrived.
func (s *stream) discard() {
	s.size -= len(s.arrived)
	s.arrived = nil
}

// lose forgets what is under way.
func (s *stream) lose() {
	s.flight = nil
	s.size = len(s.arrived)
}
