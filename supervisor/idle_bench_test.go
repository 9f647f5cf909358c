package supervisor

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// silence dials peers that take everything and say nothing.
type silence struct{}

func (silence) Dial(context.Context, transport.Target) (transport.Conn, error) { return mute{}, nil }

type mute struct{}

func (mute) Watch(func() func())            {}
func (mute) Read() (transport.Frame, error) { return transport.Frame{}, transport.ErrWouldBlock }
func (mute) Write(transport.Frame) error    { return nil }
func (mute) Written() uint64                { return 0 }
func (mute) Close(int, string) error        { return nil }
func (mute) Abort(done func())              { go done() }
func (mute) Info() transport.ConnInfo       { return transport.ConnInfo{} }

// BenchmarkIdleChannel is what a channel of a fleet holds while nothing happens,
// its socket excepted.
func BenchmarkIdleChannel(b *testing.B) {
	const channels = 5000
	ctx, calm := context.Background(), Timeouts{StableAfter: time.Millisecond} // the last timer of a login
	for b.Loop() {
		fleet, err := New(WithDialer(silence{}), WithLimits(Limits{PerSecond: 1e6, Burst: channels, Concurrent: channels}))
		if err != nil {
			b.Fatal(err)
		}
		ids := make([]messages.ChannelID, channels)
		for i := range ids {
			ids[i] = messages.ChannelID(fmt.Sprintf("channel-%06d", i))
		}
		address := transport.Static("ws://peer/socket")
		before, goroutines := heapInUse(), runtime.NumGoroutine()
		for _, id := range ids {
			if _, err := fleet.Open(ctx, Spec{ID: id, Address: address, Handler: Discard, Timeouts: calm}); err != nil {
				b.Fatal(err)
			}
		}
		for _, id := range ids {
			ch, _ := fleet.Channel(id)
			if _, err := ch.Wait(ctx); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heapInUse()-before)/channels, "B/channel")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/channels, "goroutines/channel")
		runtime.KeepAlive(ids)
		if err := fleet.Close(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
