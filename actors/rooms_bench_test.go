package actors

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// willing is a protocol whose server grants everything, without a word on the
// wire: what is measured is ours.
type willing struct{}

func (willing) Name() string { return "willing" }
func (willing) Traits() transport.Traits {
	return transport.Traits{Rooms: true, VerifyBatch: 100}
}
func (willing) NewSession(transport.Opening) transport.Session { return willingSession{} }

// willingSession is never asked for what it does not have.
type willingSession struct{ transport.Session }

func (willingSession) Open(link transport.Link) error {
	link.LoggedIn(transport.Login{})
	return nil
}
func (willingSession) Receive(transport.Link, transport.Frame) error { return nil }
func (willingSession) Bye(transport.Link) (int, string)              { return 1000, "" }
func (willingSession) Heartbeat(transport.Link) error                { return nil }
func (willingSession) Ending(reason messages.Reason) messages.Reason { return reason }

func (willingSession) Join(link transport.Link, q transport.JoinRequest) error {
	link.Room(q.Ticket, transport.RoomNews{Kind: transport.RoomJoined, Recovered: true})
	return nil
}

func (willingSession) Verify(link transport.Link, qs []transport.JoinRequest) error {
	for _, q := range qs {
		link.Room(q.Ticket, transport.RoomNews{Kind: transport.RoomNotIn})
	}
	return nil
}

func (willingSession) Leave(link transport.Link, ticket transport.Ticket) error {
	link.Room(ticket, transport.RoomNews{Kind: transport.RoomLeft})
	return nil
}

// settling counts rooms that are joined, and whole rejoins.
type settling struct{ ready, joined, settled atomic.Int64 }

func (o *settling) Publish(event messages.Event, commit func()) {
	if commit != nil {
		commit()
	}
	switch e := event.(type) {
	case messages.StatusChanged:
		if e.Cur == messages.Ready {
			o.ready.Add(1)
		}
	case messages.RoomChanged:
		if e.Cur == messages.RoomJoined {
			o.joined.Add(1)
		}
	case messages.RoomsSettled:
		o.settled.Add(1)
	}
}

func (*settling) Watched() bool { return true }

// BenchmarkRejoin loses a connection under ten thousand rooms: each is
// interrupted, verified, found to be out, and joined again.
func BenchmarkRejoin(b *testing.B) {
	const rooms = 10_000
	observer := &settling{}
	record, _ := benched(func(messages.Received) {}, observer)
	record.Protocol = willing{}
	record.Settings.Rooms = RoomLimits{Rooms: rooms, JoinWindow: rooms, JoinRate: 1e9, Join: time.Minute, Verify: time.Minute, Leave: time.Minute, StableAfter: time.Minute}
	record.RoomStrategy = func(messages.RoomPolicy) lifecycle.Strategy { return nil }
	pid := Spawn(theatre.Root, record)
	theatre.Root.Send(pid, messages.Connect{})
	await(func() bool { return observer.ready.Load() == 1 })
	before := heapInUse()
	for i := range rooms {
		theatre.Root.Send(pid, messages.Join{Room: messages.RoomSpec{ID: messages.RoomID(fmt.Sprint("room ", i))}})
	}
	await(func() bool { return observer.joined.Load() == rooms })
	memory := float64(heapInUse()-before) / rooms
	b.ReportAllocs()
	for b.Loop() {
		done := observer.settled.Load()
		theatre.Root.Send(pid, messages.Redial{})
		await(func() bool { return observer.settled.Load() > done })
	}
	b.ReportMetric(memory, "B/room")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rooms, "ns/room")
	theatre.Root.Stop(pid)
	<-record.Ended()
}
