package actors

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestCrewRunsEverythingAndKeepsNobodyWhenItIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCrew()
		var ran atomic.Int64
		var all sync.WaitGroup
		for range 1000 {
			all.Add(1)
			c.Schedule(func() {
				ran.Add(1)
				all.Done()
			})
		}
		all.Wait()
		synctest.Wait()
		if waiting := len(c.idle); waiting == 0 || waiting > cap(c.idle) {
			t.Errorf("%d wait for work, at most %d should", waiting, cap(c.idle))
		}
		c.Close()
		c.Close()
		synctest.Wait()
		if waiting := len(c.idle); waiting != 0 {
			t.Errorf("%d still wait for work", waiting)
		}
		c.Schedule(func() { ran.Add(1) })
		synctest.Wait()
		if got := ran.Load(); got != 1001 {
			t.Errorf("%d of 1001 ran", got)
		}
	})
}

func TestCrewRunsOneMailboxWhileAnotherIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewCrew()
		defer c.Close()
		release, ran := make(chan struct{}), 0
		for range 10 * cap(c.idle) {
			c.Schedule(func() { <-release })
		}
		c.Schedule(func() { ran++ })
		synctest.Wait()
		if ran != 1 {
			t.Error("it waits behind mailboxes that are busy")
		}
		close(release)
	})
}

func BenchmarkCrewSchedule(b *testing.B) {
	c := NewCrew()
	defer c.Close()
	done := make(chan struct{})
	b.ReportAllocs()
	for range b.N {
		c.Schedule(func() { done <- struct{}{} })
		<-done
	}
}
