package gauge

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Latencies is a histogram whose slots are 1/64 of their value wide, or narrower.
// It is safe for concurrent use and does not allocate.
type Latencies struct {
	slots [64 * slotsPerPower]atomic.Int64
}

const (
	slotBits      = 6
	slotsPerPower = 1 << slotBits
)

// Add notes one latency; one below zero is zero.
func (l *Latencies) Add(d time.Duration) { l.slots[slot(uint64(max(d, 0)))].Add(1) }

// slot is linear up to 64, then has 64 slots for each power of two.
func slot(v uint64) int {
	power := bits.Len64(v >> slotBits)
	if power == 0 {
		return int(v)
	}
	return power*slotsPerPower + int(v>>(power-1)) - slotsPerPower
}

// floor is the least value of a slot.
func floor(slot int) uint64 {
	power, rest := slot/slotsPerPower, slot%slotsPerPower
	if power == 0 {
		return uint64(rest)
	}
	return uint64(slotsPerPower+rest) << (power - 1)
}

// Quantile is the least latency that the part q of all are not above, to within a
// slot; 0 if there is none.
func (l *Latencies) Quantile(q float64) time.Duration {
	var all int64
	for i := range l.slots {
		all += l.slots[i].Load()
	}
	rank := min(int64(q*float64(all)), all-1)
	for i := range l.slots {
		if rank -= l.slots[i].Load(); rank < 0 {
			return time.Duration(floor(i))
		}
	}
	return 0
}

// Latencies notes the usual quantiles, in microseconds.
func (f Figures) Latencies(l *Latencies) {
	for name, q := range map[string]float64{"p50": .5, "p99": .99, "p999": .999} {
		f[name] = float64(l.Quantile(q)) / float64(time.Microsecond)
	}
}
