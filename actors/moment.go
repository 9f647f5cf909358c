package actors

import (
	"math"
	"time"
)

// moment is a time of this process, for what an idle channel keeps: a third of a
// time.Time, which could also tell the time of the day. The zero moment is none.
type moment int64

// longAgo is what moments are counted from: before everything, also for a test whose
// clock starts in 2000.
var longAgo = time.Now().Add(-50 * 365 * 24 * time.Hour)

func rightNow() moment { return moment(time.Since(longAgo)) }

// momentAt is the moment of a time that was read from the clock.
func momentAt(now time.Time) moment { return moment(now.Sub(longAgo)) }

// momentOf is the moment of a time; the zero time is none.
func momentOf(at time.Time) moment {
	if at.IsZero() {
		return 0
	}
	now := time.Now()
	return moment(now.Sub(longAgo)).add(at.Sub(now)) // at may be known by the clock on the wall alone
}

// time is the time of a moment.
func (m moment) time() time.Time {
	if m.isZero() {
		return time.Time{}
	}
	return time.Now().Add(m.sub(rightNow()))
}

// add is the moment after a time; what is too far off is as far off as can be.
func (m moment) add(d time.Duration) moment {
	if sum := m + moment(d); d <= 0 || sum > m {
		return sum
	}
	return math.MaxInt64
}

func (m moment) isZero() bool               { return m == 0 }
func (m moment) sub(n moment) time.Duration { return time.Duration(m - n) }
func (m moment) before(n moment) bool       { return m < n }
