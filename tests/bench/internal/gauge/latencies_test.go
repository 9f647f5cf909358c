package gauge

import (
	"testing"
	"time"
)

func TestQuantilesAreWithinASixtyFourth(t *testing.T) {
	var l Latencies
	for us := range 100_000 {
		l.Add(time.Duration(us) * time.Microsecond)
	}
	for q, want := range map[float64]time.Duration{.5: 50 * time.Millisecond, .99: 99 * time.Millisecond, .999: 99_900 * time.Microsecond} {
		if got := l.Quantile(q); got > want || want-got > want/64+time.Microsecond {
			t.Errorf("quantile %v is %s; want %s or at most 1/64 less", q, got, want)
		}
	}
}

func TestEverySlotBeginsWhereTheOneBeforeEnds(t *testing.T) {
	for s := range 58 * slotsPerPower {
		if slot(floor(s)) != s {
			t.Fatalf("slot %d begins with %d, which is in slot %d", s, floor(s), slot(floor(s)))
		}
		if s > 0 && slot(floor(s)-1) != s-1 {
			t.Fatalf("%d is in slot %d, not in the one before %d", floor(s)-1, slot(floor(s)-1), s)
		}
	}
}

func TestNoLatenciesHaveNoQuantile(t *testing.T) {
	if got := new(Latencies).Quantile(.5); got != 0 {
		t.Errorf("it is %s", got)
	}
}
