package actors

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestMomentsAgreeWithTimes(t *testing.T) {
	agree := func(t *testing.T) {
		now := time.Now()
		for _, d := range []time.Duration{0, 1, time.Hour, -time.Hour, 100 * 365 * 24 * time.Hour} {
			if got := momentOf(now.Add(d)).sub(momentOf(now)); got != d {
				t.Errorf("%s later is %s later", d, got)
			}
		}
		for name, far := range map[string]moment{
			"of a time":     momentOf(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)),
			"of a duration": rightNow().add(math.MaxInt64),
		} {
			if !rightNow().add(200 * 365 * 24 * time.Hour).before(far) {
				t.Errorf("the far future %s is %d", name, far)
			}
		}
		if !momentOf(time.Time{}).isZero() || momentOf(now).isZero() {
			t.Error("the zero time is not the zero moment, or now is")
		}
	}
	t.Run("on the clock", agree)
	t.Run("in a bubble", func(t *testing.T) { synctest.Test(t, agree) })
}
