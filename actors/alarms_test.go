package actors

import (
	"fmt"
	"math/rand/v2"
	"runtime"
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
				alarms.set(&b.alarm, momentOf(b.born).add(at), 0, b)
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
				alarms.set(&b.alarm, momentOf(b.born).add(time.Minute), 0, b)
				time.Sleep(time.Minute)
				synctest.Wait()
				alarms.set(&b.alarm, momentOf(b.born).add(at), 0, b)
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
		alarms.set(&b.alarm, momentOf(b.born).add(time.Minute), 0, b)
		alarms.clear(&b.alarm)
		if alarms.timer.Stop() || len(alarms.queue) > 0 {
			t.Error("the timer was still running")
		}
		alarms.clear(&b.alarm) // again is no harm
	})
}

// blocked is a sleeper that takes its time.
type blocked struct {
	bell
	length time.Duration
}

func (b *blocked) ring() {
	b.bell.ring()
	time.Sleep(b.length)
}

func TestAlarmsThatMayWaitRingTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var alarms Alarms
		start := time.Now()
		for at, want := range map[time.Duration]time.Duration{
			time.Second: time.Second, 1001 * time.Millisecond: 1100 * time.Millisecond,
			1099 * time.Millisecond: 1100 * time.Millisecond, 1100 * time.Millisecond: 1100 * time.Millisecond,
		} {
			b := &bell{born: start}
			alarms.set(&b.alarm, momentOf(start).add(at), 100*time.Millisecond, b)
			defer func() {
				if !slices.Equal(b.rung, []time.Duration{want}) {
					t.Errorf("%s rang at %v", at, b.rung)
				}
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
	})
}

// A protocol must not block. One that does is not everybody's misfortune.
func TestWhoBlocksHoldsUpTheOthersForAMomentOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var alarms Alarms
		start := time.Now()
		var sleepers []*blocked
		for range 6 {
			b := &blocked{bell{born: start}, 10 * time.Second}
			sleepers = append(sleepers, b)
			alarms.set(&b.alarm, momentOf(start).add(time.Second), 0, b)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, b := range sleepers {
			if len(b.rung) != 1 || b.rung[0] > time.Second+5*patience {
				t.Errorf("one rang at %v", b.rung)
			}
		}
		if len(alarms.queue) != 0 || alarms.due != 0 {
			t.Errorf("%d alarms are left, and the timer is set to %v", len(alarms.queue), alarms.due)
		}
	})
}

// leaver is a sleeper whose goroutine ends when it is woken.
type leaver struct{ bell }

func (l *leaver) ring() {
	l.bell.ring()
	runtime.Goexit()
}

func TestWhoLeavesByGoexitHoldsUpTheOthersForAMomentOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var alarms Alarms
		start := time.Now()
		var sleepers []*leaver
		for range 6 {
			l := &leaver{bell{born: start}}
			sleepers = append(sleepers, l)
			alarms.set(&l.alarm, momentOf(start).add(time.Second), 0, l)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, l := range sleepers {
			if len(l.rung) != 1 || l.rung[0] > time.Second+5*patience {
				t.Errorf("one rang at %v", l.rung)
			}
		}
		if len(alarms.queue) != 0 || alarms.due != 0 {
			t.Errorf("%d alarms are left, and the timer is set to %v", len(alarms.queue), alarms.due)
		}
	})
}
