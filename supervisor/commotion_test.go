package supervisor

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Many use everything at once, also while the fleet closes. Every call returns,
// each channel's story has no gap, and nothing is left.
func TestACommotionLeavesNothingBehind(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			inScene(t, func(s *scene) {
				var all sync.WaitGroup
				for n := range uint64(8) {
					all.Go(func() {
						r := rand.New(rand.NewPCG(seed, n))
						for range 60 {
							s.anything(r)
							time.Sleep(time.Duration(r.IntN(2000)) * ms)
						}
					})
				}
				if seed%2 == 0 {
					time.Sleep(30 * time.Second)
					if err := s.fleet.Close(context.Background()); err != nil {
						t.Error(err)
					}
				}
				all.Wait()
				if err := s.fleet.Close(context.Background()); err != nil {
					t.Error(err)
				}
				s.gapless()
				if n := s.server.Open(); n != 0 {
					t.Errorf("%d connections are left", n)
				}
				if n := len(s.fleet.house.bus.waiters); n != 0 {
					t.Errorf("%d wait still", n)
				}
				for _, id := range []messages.ChannelID{"a", "b", "c"} {
					if n := s.network.MaxOpen("/" + string(id)); n > 1 {
						t.Errorf("%s had %d connections at once", id, n)
					}
				}
			}, WithObserverQueue(1<<20))
		})
	}
}

// anything does one thing that a user can do. What it answers is its own
// business; that it answers soon is ours.
func (s *scene) anything(r *rand.Rand) {
	id := messages.ChannelID([]string{"a", "b", "c"}[r.IntN(3)])
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	before := time.Now()
	defer func() {
		if took := time.Since(before); took > 4*time.Second {
			s.t.Errorf("a call took %s", took)
		}
	}()
	ch, err := s.fleet.Open(ctx, s.spec(id))
	if err != nil {
		return
	}
	switch r.IntN(18) {
	case 0:
		_ = ch.Connect(ctx, Takeover)
	case 1:
		_ = ch.Disconnect(ctx, messages.DisconnectMode(r.IntN(2)))
	case 2:
		_ = ch.Pause(ctx)
	case 3, 4:
		_ = ch.Resume(ctx)
	case 5:
		_ = ch.Redial(ctx, "why not")
	case 6:
		_ = ch.Drain(ctx)
	case 7:
		_, _ = ch.Ping(ctx)
	case 8:
		_ = ch.NetworkDown(ctx)
	case 9:
		_ = ch.NetworkUp(ctx)
	case 10:
		_, _ = ch.Wait(ctx, messages.Statuses()[r.IntN(15)])
	case 11:
		_ = ch.Close(ctx)
	case 12:
		_ = s.fleet.Listen("key", func(messages.Event) {})
		s.fleet.Unlisten("key")
	case 13:
		for range s.fleet.Events(ctx) {
			if r.IntN(3) == 0 {
				break
			}
		}
	case 14:
		s.server.Drop()
	case 15:
		if receipt, err := ch.Send(ctx, messages.Text("hello")); err == nil {
			_, _ = receipt.Wait(ctx)
		}
	case 16:
		s.fleet.NetworkDown()
	case 17:
		s.fleet.NetworkUp()
	}
}

// gapless checks the numbers of every channel's story, over all its lives.
func (s *scene) gapless() {
	s.t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	last, status := map[messages.ChannelID]uint64{}, map[messages.ChannelID]messages.Status{}
	for _, event := range s.events {
		id := event.Subject()
		switch e := event.(type) {
		case messages.StatusChanged:
			if e.Seq != last[id]+1 || e.Prev != status[id] || e.Cur == e.Prev {
				s.t.Fatalf("after %s, number %d: %+v", status[id], last[id], e)
			}
			last[id], status[id] = e.Seq, e.Cur
		case messages.Updated:
			if e.Seq != last[id]+1 || e.Status != status[id] {
				s.t.Fatalf("after %s, number %d: %+v", status[id], last[id], e)
			}
			last[id] = e.Seq
		case messages.Stopped:
			if e.Seq != last[id] {
				s.t.Fatalf("after %s, number %d: %+v", status[id], last[id], e)
			}
			delete(last, id)
			delete(status, id)
		}
	}
	if len(last) != 0 {
		s.t.Errorf("some never stopped: %v", status)
	}
}
