package supervisor

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// lines are the log lines about a channel with a level.
func (s *scene) lines(level string) (lines []string) {
	for line := range strings.Lines(s.written()) {
		if strings.HasPrefix(line, "level="+level) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestEqualLinesOfOneChannelAreThinned(t *testing.T) {
	inScene(t, func(s *scene) {
		s.server.Down()
		a, b := s.open(s.spec("a")), s.open(s.spec("b"))
		time.Sleep(19500 * ms) // twenty attempts, one per second
		for _, ch := range []*Channel{a, b} {
			if got := ch.Snapshot().Attempt; got != 20 {
				t.Fatalf("%d attempts", got)
			}
			var times []string
			for _, line := range s.lines("warning") {
				if !strings.Contains(line, " channel="+string(ch.ID())+" ") {
					continue
				}
				_, count, repeated := strings.Cut(line, " times=")
				if !repeated {
					count = "1"
				}
				times = append(times, count)
			}
			if got := strings.Join(times, " "); got != "1 2 4 8 16" {
				t.Errorf("%s was written at %s", ch.ID(), got)
			}
		}
	})
}

func TestAPeerOfManyNumbersFillsNeitherLogNorMemory(t *testing.T) {
	var log bytes.Buffer
	logger := logrus.New()
	logger.SetOutput(&log)
	d := newDiary(logrus.NewEntry(logger))
	for n := range 10_000 {
		d.note(messages.StatusChanged{Channel: "a", Cur: messages.Backoff, Reason: messages.Reason{Code: messages.ReasonPeerClose, Wire: messages.Wire{Code: n}}})
	}
	if got := len(d.repeats["a"]); got > maxLines+1 {
		t.Errorf("%d lines are remembered", got)
	}
	if got := strings.Count(log.String(), "\n"); got > maxLines+14 {
		t.Errorf("%d lines were written", got)
	}
}

func TestALineSaysWhatIsKnown(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		s.server.Drop()
		s.wait(ch, messages.Backoff)
		s.wait(ch, messages.Ready)
		s.server.Conns()[0].Kick(4001, "replaced")
		s.wait(ch, messages.Kicked)
		for level, want := range map[string][]string{
			"info": {
				`level=info msg="channel is Ready" channel=a epoch=1 from=Authenticating status=Ready`,
				`level=info msg="channel is Ready" attempt=1 channel=a epoch=2 from=Authenticating status=Ready times=2`,
			},
			"warning": {`level=warning msg="channel is Backoff: ReadEOF" action=Wait attempt=1 channel=a epoch=1 from=Ready reason=ReadEOF retry_in=1s status=Backoff`},
			"error":   {`level=error msg="channel is Kicked: KickedOtherDevice (websocket 4001 \"replaced\")" action=TakeOver attempt=1 channel=a epoch=2 from=Ready reason=KickedOtherDevice status=Kicked`},
		} {
			if got := strings.Join(s.lines(level), "\n"); got != strings.Join(want, "\n") {
				t.Errorf("%s:\n%s\nwant:\n%s", level, got, strings.Join(want, "\n"))
			}
		}
	})
}

func TestAStableTimeMakesOldLinesNews(t *testing.T) {
	inScene(t, func(s *scene) {
		ch := s.ready("a")[0]
		for range 3 {
			time.Sleep(time.Minute)
			s.server.Drop()
			s.wait(ch, messages.Backoff)
			s.wait(ch, messages.Ready)
		}
		if got := len(s.lines("warning")); got != 3 {
			t.Errorf("%d of 3 losses were written", got)
		}
	})
}

func TestABreakerIsWrittenOnce(t *testing.T) {
	inScene(t, func(s *scene) {
		s.server.Down()
		ch := s.open(s.spec("a"))
		time.Sleep(time.Minute)
		if err := s.server.Up(); err != nil {
			t.Fatal(err)
		}
		s.wait(ch, messages.Ready)
		for range 3 { // three probes in a row close it
			s.must(ch.Redial(s.t.Context(), "probe"))
			time.Sleep(10 * time.Second)
		}
		log := s.written()
		for _, text := range []string{"endpoint is down, only probes are let through", "endpoint is back"} {
			if n := strings.Count(log, text); n != 1 {
				t.Errorf("%q was written %d times", text, n)
			}
		}
	}, WithBreaker(BreakerLimits{Attempts: 5}))
}

// answer is an address callback that gives these credentials.
func answer(url string, header map[string][]string) transport.Address {
	return transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) {
		return transport.Target{URL: url, Header: header}, nil
	})
}

// Credentials travel in the query, the user information, headers and tokens.
// Whatever goes wrong, none is in the log, in an event, in an error or in a
// description.
func TestCredentialsAreNowhere(t *testing.T) {
	const address = "ws://user:s3cret@server/a?token=s3cret&s3cret"
	header := map[string][]string{"Authorization": {"Bearer s3cret"}, "Cookie": {"id=s3cret"}}
	for sentence, trouble := range map[string]func(*scene, *Spec){
		"all is well":           func(*scene, *Spec) {},
		"the server is down":    func(s *scene, _ *Spec) { s.server.Down() },
		"there is no server":    func(_ *scene, spec *Spec) { spec.Address = transport.Static("ws://user:s3cret@nowhere/?token=s3cret") },
		"the address is broken": func(_ *scene, spec *Spec) { spec.Address = answer("ws://user:s3cret@%zz/?token=s3cret", header) },
		"the scheme is unknown": func(_ *scene, spec *Spec) { spec.Address = answer("ftp://user:s3cret@server/?token=s3cret", header) },
		"a header is broken": func(_ *scene, spec *Spec) {
			spec.Address = answer("ws://server/", map[string][]string{"X\n": {"s3cret"}})
		},
		"headers go along":   func(_ *scene, spec *Spec) { spec.Address = answer(address, header) },
		"the network is cut": func(s *scene, _ *Spec) { s.network.Cut() },
	} {
		inScene(t, func(s *scene) {
			spec := s.spec("a")
			spec.Address = transport.Static(address)
			trouble(s, &spec)
			ch := s.open(spec)
			time.Sleep(30 * time.Second)
			_ = ch.Renew(s.t.Context(), messages.NewToken("s3cret"))
			s.network.Mend()
			s.server.Drop()
			time.Sleep(30 * time.Second)
			public(t, s.written())
			public(t, ch.String())
			s.mu.Lock()
			for _, e := range s.events {
				switch e := e.(type) {
				case messages.StatusChanged:
					public(t, e.String()+e.Reason.Detail+e.Reason.Wire.Text)
				case messages.Stopped:
					public(t, e.Reason.String())
				}
			}
			s.mu.Unlock()
		})
		if t.Failed() {
			t.Fatalf("when %s", sentence)
		}
	}
}
