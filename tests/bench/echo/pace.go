package main

import (
	"runtime"
	"syscall"
	"time"
)

// paced sends at the rate for a time, and says how often. A message bears the time
// when it was due: one that is late because the one before took long has waited,
// and its latency says so. Only when this clock overslept is it due when the clock
// woke up: that is nobody's fault but the clock's.
//
// The clock is a thread that sleeps in the system: the runtime's timers are too
// coarse for some ten microseconds.
func paced(length time.Duration, send func(i int, at time.Duration) error) (count int64, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began := time.Since(zero)
	woke := began
	for i := 0; ; i++ {
		due := began + time.Duration(i)*time.Second/time.Duration(*rate)
		if due-began >= length {
			return int64(i), nil
		}
		for now := time.Since(zero); now < due; now = time.Since(zero) {
			nap := syscall.NsecToTimespec(int64(due - now))
			_ = syscall.Nanosleep(&nap, nil)
			woke = time.Since(zero)
		}
		if err := send(i, max(due, woke)); err != nil {
			return int64(i), err
		}
	}
}
