package gauge

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestThePeakIsTheFullestSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Moments
		m.Add() // before it is looked at
		time.Sleep(time.Millisecond)
		begin := time.Now()
		for range 3 { // 10 each half second
			for range 10 {
				m.Add()
			}
			time.Sleep(500 * time.Millisecond)
		}
		m.Add()
		if count, peak := m.Since(begin); count != 31 || peak != 20 {
			t.Errorf("%d in all, %d in a second; want 31 and 20", count, peak)
		}
	})
}
