package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

func TestAFleetFindsItsChannels(t *testing.T) {
	inScene(t, func(s *scene) {
		list := s.ready("a", "b", "c")
		for _, ch := range list {
			if found, ok := s.fleet.Channel(ch.ID()); !ok || found != ch {
				t.Errorf("%s: found %v", ch.ID(), found)
			}
		}
		if ch, ok := s.fleet.Channel("nobody"); ok || ch != nil {
			t.Errorf("found %v", ch)
		}
		there := map[messages.ChannelID]messages.Status{}
		for snapshot := range s.fleet.Channels() {
			there[snapshot.Channel] = snapshot.Status
		}
		if len(there) != 3 || there["a"] != messages.Ready || there["b"] != messages.Ready || there["c"] != messages.Ready {
			t.Errorf("there are %v", there)
		}
		for range s.fleet.Channels() {
			break
		}
		if text := list[0].String(); text != "a at ws://server/a is Ready" {
			t.Errorf("it is called %q", text)
		}
		s.must(list[1].Close(s.t.Context()))
		if _, ok := s.fleet.Channel("b"); ok {
			t.Error("a closed channel is still found")
		}
	})
}

func TestADrainFlushesSaysGoodbyeAndCloses(t *testing.T) {
	inScene(t, func(s *scene) {
		var transcript wstest.Transcript
		server := s.network.NewServer("slow", wstest.WithTest(s.t), wstest.WithTranscript(&transcript), wstest.WithHandler(func(c *wstest.Conn) {
			c.Upgrade()
			c.Wait()
		}))
		spec := s.spec("a")
		spec.Address = transport.Static(server.URL)
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		s.forget()
		for _, text := range []string{"one", "two", "three"} {
			_, err := ch.Send(s.t.Context(), messages.Text(text))
			s.must(err)
		}
		s.must(ch.Drain(s.t.Context()))
		s.expect("a", `
			0s #1 Written
			0s #2 Written
			0s #3 Written
			0s Draining Drain
			0s Closing Drain
			0s Closed Drain`)
		if diff := transcript.Diff(`
			peer>  101
			us>    text "one"
			us>    text "two"
			us>    text "three"
			us>    close 1000`); diff != "" {
			t.Errorf("on the wire:\n%s", diff)
		}
		s.must(ch.Drain(s.t.Context())) // again is no error
		if _, err := ch.Send(s.t.Context(), messages.Text("late")); !errors.Is(err, messages.ReasonNotConnected) {
			t.Errorf("a send after it: %v", err)
		}
		s.must(ch.Connect(s.t.Context())) // but it was not closed
		s.wait(ch, messages.Ready)
		s.must(s.fleet.Close(s.t.Context()))
		s.must(server.Close())
	})
}

func TestADrainThatTakesTooLongFailsWhatIsLeft(t *testing.T) {
	inScene(t, func(s *scene) {
		spec := s.spec("a")
		spec.Protocol = &deaf{}
		spec.Timeouts.Drain = 3 * time.Second
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		s.forget()
		receipt, err := ch.Send(s.t.Context(), messages.Text("never acknowledged"))
		s.must(err)
		s.must(ch.Drain(s.t.Context()))
		s.expect("a", `
			0s Draining Drain
			3s Closing DrainTimeout
			3s Closed DrainTimeout
			3s #1 Unknown OutcomeUnknown`)
		if o, err := receipt.Wait(s.t.Context()); err != nil || o.Result != messages.ResultUnknown {
			t.Errorf("its outcome: %v %v", o, err)
		}
	})
}

func TestADrainWaitsOnlyAsLongAsItsContext(t *testing.T) {
	inScene(t, func(s *scene) {
		spec := s.spec("a")
		spec.Protocol = &deaf{}
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		_, err := ch.Send(s.t.Context(), messages.Text("never acknowledged"))
		s.must(err)
		short, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		if err := ch.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if got := ch.Snapshot().Status; got != messages.Draining {
			t.Errorf("it is %s", got)
		}
	})
}

func TestAFleetDrainsEveryChannelWhateverItsStatus(t *testing.T) {
	inScene(t, func(s *scene) {
		s.ready("up")
		manual := s.spec("idle")
		manual.Manual = true
		s.open(manual)
		kicked := s.open(s.spec("kicked"))
		s.wait(kicked, messages.Ready)
		s.server.Conns("/kicked")[0].Kick(4001, "replaced")
		paused := s.ready("paused")[0]
		s.must(paused.Pause(s.t.Context()))
		s.wait(kicked, messages.Kicked)
		waiting := s.ready("waiting")[0]
		s.server.Down()
		s.server.Conns("/waiting")[0].Drop()
		s.wait(waiting, messages.Backoff)
		s.forget()
		before := time.Now()
		s.must(s.fleet.Drain(s.t.Context()))
		if took := time.Since(before); took > time.Second {
			t.Errorf("it took %s", took)
		}
		for id, want := range map[messages.ChannelID]string{
			"up":      "0s Draining Drain\n0s Closing Drain\n0s Closed Drain\n0s stopped Drain",
			"idle":    "0s Closed Drain\n0s stopped Drain",
			"kicked":  "0s stopped KickedOtherDevice",
			"paused":  "0s Closed Drain\n0s stopped Drain",
			"waiting": "0s Closed Drain\n0s stopped Drain",
		} {
			s.expect(id, want)
		}
		if _, err := s.fleet.Open(s.t.Context(), s.spec("late")); !errors.Is(err, messages.ReasonFleetClosed) {
			t.Errorf("opening after it: %v", err)
		}
		s.must(s.fleet.Drain(s.t.Context())) // again waits again
	})
}

func TestAFleetThatDoesNotDrainInTimeIsClosedRudely(t *testing.T) {
	inScene(t, func(s *scene) {
		spec := s.spec("a")
		spec.Protocol = &deaf{}
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		receipt, err := ch.Send(s.t.Context(), messages.Text("never acknowledged"))
		s.must(err)
		short, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		err = s.fleet.Drain(short)
		if !errors.Is(err, messages.ReasonDrainTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if o, err := receipt.Wait(s.t.Context()); err != nil || o.Result != messages.ResultUnknown {
			t.Errorf("its outcome: %v %v", o, err)
		}
		if n := s.server.Open(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

// Whoever drains waits for a user's code for a moment, not for the whole time of
// a Close.
func TestADrainIsSoonOverWhenItsContextIs(t *testing.T) {
	for sentence, test := range map[string]struct {
		end  func(*Fleet) error
		most time.Duration
	}{
		"a drain within a second": {func(f *Fleet) error {
			short, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return f.Drain(short)
		}, time.Second + closingGrace},
		"a drain without a limit": {func(f *Fleet) error { return f.Drain(context.Background()) }, 30*time.Second + 2*closingGrace},
		"a run that ends": {func(f *Fleet) error {
			over, cancel := context.WithCancel(context.Background())
			cancel()
			return f.Run(over)
		}, 20*time.Second + closingGrace},
	} {
		inScene(t, func(s *scene) {
			s.server.Handle(wstest.Push("hello"))
			spec, release := s.spec("a"), make(chan struct{})
			spec.Protocol = &deaf{}
			spec.Handler = func(messages.Received) { <-release }
			ch := s.open(spec)
			s.wait(ch, messages.Ready)
			_, err := ch.Send(s.t.Context(), messages.Text("never acknowledged"))
			s.must(err)
			before := time.Now()
			if err := test.end(s.fleet); !errors.Is(err, messages.ReasonCloseTimeout) {
				t.Errorf("%s: %v", sentence, err)
			}
			if took := time.Since(before); took != test.most {
				t.Errorf("%s took %s", sentence, took)
			}
			close(release)
		}, WithShutdown(20*time.Second))
	}
}

func TestRunDrainsWhenItsContextEnds(t *testing.T) {
	inScene(t, func(s *scene) {
		ctx, cancel := context.WithCancel(s.t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.fleet.Run(ctx) }()
		s.ready("a")
		time.Sleep(24 * time.Hour)
		select {
		case err := <-ended:
			t.Fatalf("it ended by itself: %v", err)
		default:
		}
		s.forget()
		cancel()
		s.must(<-ended)
		s.expect("a", `
			0s Draining Drain
			0s Closing Drain
			0s Closed Drain
			0s stopped Drain`)
	})
}

func TestClosingNamesWhatDoesNotReturn(t *testing.T) {
	inScene(t, func(s *scene) {
		spec, release := s.spec("a"), make(chan struct{})
		spec.Handler = func(messages.Received) { <-release }
		ch := s.open(spec)
		s.wait(ch, messages.Ready)
		_, err := ch.Send(s.t.Context(), messages.Text("hello"))
		s.must(err)
		short, cancel := context.WithTimeout(s.t.Context(), time.Second)
		defer cancel()
		err = s.fleet.Close(short)
		if !errors.Is(err, messages.ReasonCloseTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(release)
		s.must(s.fleet.Close(s.t.Context())) // and again
		s.must(s.fleet.Close(s.t.Context()))
	})
}

func TestEventsEndAlsoWhenADialerHangs(t *testing.T) {
	inScene(t, func(s *scene) {
		spec, release := s.spec("a"), make(chan struct{})
		spec.Dialer = transport.DialerFunc(func(context.Context, transport.Target) (transport.Conn, error) {
			<-release
			return nil, errors.New("at last")
		})
		s.wait(s.open(spec), messages.Dialing)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for range s.fleet.Events(context.Background()) {
			}
		}()
		synctest.Wait()
		if err := s.fleet.Close(s.t.Context()); !errors.Is(err, messages.ReasonCloseTimeout) {
			t.Errorf("got %v", err)
		}
		<-ended
		close(release)
	})
}

func TestAFleetThatOpenedNothingCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet, err := New()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(fleet.Close(t.Context()), fleet.Close(t.Context())); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
	})
}
