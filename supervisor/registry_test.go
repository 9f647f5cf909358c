package supervisor

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed14814784/holdfast/messages"
)

// Many open and close one ID at once. What observers are told of one channel is
// over before the next channel with the ID begins.
func TestAnIDIsFreeOnlyAfterTheLastEventOfItsChannel(t *testing.T) {
	inScene(t, func(s *scene) {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 300 {
					ch, err := s.fleet.Open(context.Background(), s.spec("a"))
					if errors.Is(err, messages.ReasonConflict) {
						continue // it is being closed
					}
					if err == nil {
						err = ch.Close(context.Background())
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		synctest.Wait()
		s.mu.Lock()
		defer s.mu.Unlock()
		last, lives := uint64(0), 0
		for _, event := range s.events {
			switch e := event.(type) {
			case messages.StatusChanged:
				if e.Seq != last+1 {
					t.Fatalf("%d came after %d, in life %d", e.Seq, last, lives)
				}
				last = e.Seq
			case messages.Stopped:
				if e.Seq != last {
					t.Fatalf("it stopped at %d after %d, in life %d", e.Seq, last, lives)
				}
				last = 0
				lives++
			}
		}
	}, WithObserverQueue(1<<20))
}
