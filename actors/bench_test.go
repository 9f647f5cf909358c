package actors

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// benched is the least that a channel needs, outside a bubble: a peer that
// takes everything and says nothing.
func benched(handler func(messages.Received), observer Observer) (*Record, *idleDialer) {
	dialer := &idleDialer{}
	return bench(benchRules(dialer, observer), handler), dialer
}

func bench(rules *Rules, handler func(messages.Received)) *Record {
	return NewRecord(theatre, Settings{
		Channel: "c", Address: transport.Static("ws://peer/"), Handler: handler, Endpoint: "peer:80", Rules: rules,
	}, true)
}

func benchRules(dialer transport.Dialer, observer Observer) *Rules {
	return &Rules{
		Dialer: dialer, Protocol: transport.Raw(),
		Machine: lifecycle.Machine{}, Gate: openGate{}, Observer: observer, Workers: &Workers{}, Alarms: &Alarms{},
		Timeouts: Timeouts{
			Prepare: time.Minute, Dial: time.Minute, Auth: time.Minute, Sync: time.Minute,
			Drain: time.Minute, Close: time.Minute, StableAfter: 10 * time.Second, SessionTTL: 2 * time.Minute,
		},
		Keepalive: Keepalive{Interval: time.Hour, Grace: time.Hour},
		Outbox:    OutboxLimits{Messages: 1 << 10, Bytes: 1 << 20, MessageBytes: 1 << 16},
		Inbox:     InboxLimits{Messages: 1 << 10, Bytes: 1 << 20},
		Panics:    PanicBudget{Max: 5, Within: time.Minute},
		Flapping:  Flapping{Notice: 5, End: 20, Within: time.Minute},
		Random:    func() float64 { return 0.5 },
	}
}

// idleDialer hands out connections that take everything.
type idleDialer struct{ last atomic.Pointer[idleConn] }

func (d *idleDialer) Dial(context.Context, transport.Target) (transport.Conn, error) {
	c := &idleConn{}
	d.last.Store(c)
	return c, nil
}

type idleConn struct {
	notify  func() func()
	written atomic.Uint64
	inbound atomic.Int64 // frames that wait
	silent  atomic.Bool  // it does not report that it wrote
}

var idlePayload = []byte("hello")

func (c *idleConn) Watch(notify func() func()) { c.notify = notify }
func (c *idleConn) Lend()                      {}
func (c *idleConn) report() {
	if rest := c.notify(); rest != nil {
		rest()
	}
}
func (c *idleConn) Read() (transport.Frame, error) {
	if c.inbound.Load() == 0 {
		return transport.Frame{}, transport.ErrWouldBlock
	}
	c.inbound.Add(-1)
	return transport.Frame{Kind: transport.FrameText, Data: idlePayload}, nil
}
func (c *idleConn) Write(transport.Frame) error {
	c.written.Add(1)
	if !c.silent.Load() {
		c.report()
	}
	return nil
}
func (c *idleConn) Written() uint64         { return c.written.Load() }
func (c *idleConn) Close(int, string) error { return nil }
func (c *idleConn) Abort(done func())       { go done() }
func (c *idleConn) Info() transport.ConnInfo {
	return transport.ConnInfo{}
}

// counter counts outcomes and channels that are up.
type counter struct {
	outcomes, ready atomic.Int64
	quiet           bool // it wants no traffic
}

func (o *counter) Publish(event messages.Event, commit func()) {
	if commit != nil {
		commit()
	}
	switch e := event.(type) {
	case messages.Outcome:
		o.outcomes.Add(1)
	case messages.StatusChanged:
		if e.Cur == messages.Ready {
			o.ready.Add(1)
		}
	}
}

func (o *counter) Watched() bool { return !o.quiet }

// await lets the actors run until it is so.
func await(so func() bool) {
	for !so() {
		runtime.Gosched()
	}
}

func BenchmarkIdleChannel(b *testing.B) {
	const channels = 2000
	for b.Loop() {
		observer := &counter{}
		rules := benchRules(&idleDialer{}, observer)
		records, pids := make([]*Record, channels), make([]*actor.PID, channels)
		before := heapInUse()
		goroutines := runtime.NumGoroutine()
		for i := range records {
			records[i] = bench(rules, func(messages.Received) {})
			pids[i] = Spawn(theatre.Root, records[i])
			theatre.Root.Send(pids[i], messages.Connect{})
		}
		await(func() bool { return observer.ready.Load() == channels })
		for range channels {
			runtime.Gosched()
		}
		b.ReportMetric(float64(heapInUse()-before)/channels, "B/channel")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/channels, "goroutines/channel")
		for i := range records {
			theatre.Root.Stop(pids[i])
			<-records[i].Ended()
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

func BenchmarkSend(b *testing.B) {
	for _, size := range []int{16, 1 << 10} {
		b.Run(fmt.Sprint(size, " bytes"), func(b *testing.B) {
			observer := &counter{}
			record, _ := benched(func(messages.Received) {}, observer)
			pid := Spawn(theatre.Root, record)
			theatre.Root.Send(pid, messages.Connect{})
			await(func() bool { return observer.ready.Load() == 1 })
			message := messages.Binary(make([]byte, size))
			b.ReportAllocs()
			sent := int64(0)
			for b.Loop() {
				for {
					if _, err := record.Send(message); err == nil {
						break
					}
					runtime.Gosched() // the outbox is full
				}
				sent++
			}
			await(func() bool { return observer.outcomes.Load() == sent })
			theatre.Root.Stop(pid)
			<-record.Ended()
		})
	}
}

func BenchmarkDeliver(b *testing.B) {
	var heard atomic.Int64
	observer := &counter{}
	record, dialer := benched(func(messages.Received) { heard.Add(1) }, observer)
	pid := Spawn(theatre.Root, record)
	theatre.Root.Send(pid, messages.Connect{})
	await(func() bool { return observer.ready.Load() == 1 })
	conn := dialer.last.Load()
	b.ReportAllocs()
	arrived := int64(0)
	for b.Loop() {
		conn.inbound.Add(1)
		if arrived++; arrived%64 == 0 {
			conn.report()
			await(func() bool { return heard.Load() > arrived-1024 })
		}
	}
	conn.report()
	await(func() bool { return heard.Load() == arrived })
	theatre.Root.Stop(pid)
	<-record.Ended()
}
