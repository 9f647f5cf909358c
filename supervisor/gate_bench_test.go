package supervisor

import (
	"testing"
	"time"

	"github.com/seed14814784/holdfast/actors"
)

// wide is a gate that holds nobody up.
func wide(b *testing.B) *gate {
	g := newGate(Limits{PerSecond: 1e9, Burst: 1e9, Concurrent: 1e9}, BreakerLimits{}, nil)
	b.Cleanup(g.Close)
	return g
}

// From Ask until the permit was given back, one after the other.
func BenchmarkGateAskDone(b *testing.B) {
	g := wide(b)
	done := make(chan struct{})
	admit := func(p actors.Permit) {
		p.Done(reached)
		done <- struct{}{}
	}
	b.ReportAllocs()
	for b.Loop() {
		g.Ask(host, time.Time{}, admit)
		<-done
	}
}

// Ask and cancel behind a hundred thousand who wait.
func BenchmarkGateCancelAmongHundredThousand(b *testing.B) {
	for name, in := range map[string]time.Duration{"queued": 0, "early": time.Hour} {
		b.Run(name, func(b *testing.B) {
			g := newGate(Limits{PerSecond: 1e-6, Burst: 1}, BreakerLimits{}, nil)
			b.Cleanup(g.Close)
			cancels := make([]func(), 100_000)
			ask := func(i int) func() {
				return g.Ask(host, time.Now().Add(in+time.Duration(i*7919%1000)*in/2000), func(actors.Permit) {})
			}
			for i := range cancels {
				cancels[i] = ask(i)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				i = (i + 7919) % len(cancels)
				cancels[i]()
				cancels[i] = ask(i)
			}
		})
	}
}

// A hundred thousand who wait, admitted as fast as it goes.
func BenchmarkGateAdmitsHundredThousand(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		g := newGate(Limits{PerSecond: 1e9, Burst: 1e9}, BreakerLimits{}, nil)
		done := make(chan struct{}, 100_000)
		for range cap(done) {
			g.Ask(host, time.Time{}, func(p actors.Permit) {
				p.Done(reached)
				done <- struct{}{}
			})
		}
		for range cap(done) {
			<-done
		}
		g.Close()
	}
}
