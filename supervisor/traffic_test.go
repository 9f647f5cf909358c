package supervisor

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// What arrives goes to the handler, in order; observers see it only if the
// specification says so.
func TestObserversSeeWhatArrivesIfTheyAreMeantTo(t *testing.T) {
	for sentence, test := range map[string]struct {
		publish bool
		want    []string
	}{
		"published":     {true, []string{"one", "two", "three"}},
		"not published": {false, nil},
	} {
		inScene(t, func(s *scene) {
			s.server.Handle(wstest.Push("one", "two", "three"))
			spec := s.spec("a")
			var handled, observed []string
			spec.PublishReceived = test.publish
			spec.Handler = func(m messages.Received) { handled = append(handled, string(m.Data)) }
			s.wait(s.open(spec), messages.Ready)
			s.keep(func(e messages.Event) bool { _, ok := e.(messages.Received); return ok })
			for _, e := range s.events {
				observed = append(observed, string(e.(messages.Received).Data))
			}
			if !reflect.DeepEqual(observed, test.want) {
				t.Errorf("%s: observed %v", sentence, observed)
			}
			if !reflect.DeepEqual(handled, []string{"one", "two", "three"}) {
				t.Errorf("%s: handled %v", sentence, handled)
			}
		})
	}
}

func TestACloseWithoutALimitEndsAfterTheShutdownTime(t *testing.T) {
	inScene(t, func(s *scene) {
		s.server.Handle(wstest.Push("hello"))
		spec, release := s.spec("a"), make(chan struct{})
		spec.Handler = func(messages.Received) { <-release }
		s.wait(s.open(spec), messages.Ready)
		before := time.Now()
		if err := s.fleet.Close(context.Background()); !errors.Is(err, messages.ReasonCloseTimeout) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(before); took != 7*time.Second {
			t.Errorf("it took %s", took)
		}
		close(release)
	}, WithShutdown(7*time.Second))
}
