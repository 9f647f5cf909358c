package actors

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// bell notes when it rings.
type bell struct {
	alarm
	rung []time.Duration
	born time.Time
}

func (b *bell) ring() { b.rung = append(b.rung, time.Since(b.born)) }

func TestAlarmsRingWhenTheyAreDueAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var alarms Alarms
		bells := make([]*bell, 1000)
		want := make([][]time.Duration, len(bells))
		for i := range bells {
			b := &bell{born: time.Now()}
			bells[i] = b
			for range 1 + rand.IntN(3) { // the last one counts
				at := time.Duration(1+rand.IntN(3600)) * time.Second
				alarms.set(&b.alarm, momentOf(b.born).add(at), b)
				want[i] = []time.Duration{at}
			}
			if i%3 == 0 {
				alarms.clear(&b.alarm)
				want[i] = nil
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		for i, b := range bells {
			if !slices.Equal(b.rung, want[i]) {
				t.Errorf("bell %d rang at %v instead of %v", i, b.rung, want[i])
			}
		}
		if len(alarms.queue) != 0 || alarms.due != 0 {
			t.Errorf("%d alarms are left, and the timer is set to %d", len(alarms.queue), alarms.due)
		}
	})
}

func TestAnAlarmThatHasRungCanBeSetAgain(t *testing.T) {
	for name, at := range map[string]time.Duration{"later": 2 * time.Minute, "to the same time": time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var alarms Alarms
				b := &bell{born: time.Now()}
				alarms.set(&b.alarm, momentOf(b.born).add(time.Minute), b)
				time.Sleep(time.Minute)
				synctest.Wait()
				alarms.set(&b.alarm, momentOf(b.born).add(at), b)
				time.Sleep(time.Hour)
				synctest.Wait()
				if got, want := fmt.Sprint(b.rung), fmt.Sprint([]time.Duration{time.Minute, at}); got != want {
					t.Errorf("it rang at %s instead of %s", got, want)
				}
			})
		})
	}
}

func TestAlarmsThatAreTakenBackLeaveNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var alarms Alarms
		b := &bell{born: time.Now()}
		alarms.set(&b.alarm, momentOf(b.born).add(time.Minute), b)
		alarms.clear(&b.alarm)
		if alarms.timer.Stop() || len(alarms.queue) > 0 {
			t.Error("the timer was still running")
		}
		alarms.clear(&b.alarm) // again is no harm
	})
}
