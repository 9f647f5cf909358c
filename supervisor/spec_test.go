package supervisor

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

func TestOpenNamesEverythingThatIsWrong(t *testing.T) {
	good := Spec{ID: "a", Address: transport.Static("ws://server/a"), Handler: Discard}
	with := func(change func(*Spec)) Spec {
		s := good
		change(&s)
		return s
	}
	for sentence, test := range map[string]struct {
		spec Spec
		want []string
	}{
		"nothing at all":            {Spec{}, []string{"ID is empty", "Address is nil", "Handler is nil"}},
		"an empty URL":              {with(func(s *Spec) { s.Address = transport.Static("") }), []string{"URL"}},
		"a bad URL":                 {with(func(s *Spec) { s.Address = transport.Static("ws://%zz") }), []string{"%zz"}},
		"no host":                   {with(func(s *Spec) { s.Address = transport.Static("ws:///path") }), []string{"host"}},
		"unknown scheme":            {with(func(s *Spec) { s.Address = transport.Static("ftp://server") }), []string{`does not know "ftp", only ws, wss`}},
		"a stream over a WebSocket": {with(func(s *Spec) { s.Address = transport.Static("tcp://server:5100") }), []string{`does not know "tcp", only ws, wss`}},
		"a WebSocket over a stream": {with(func(s *Spec) { s.Dialer = new(transport.TCP) }), []string{`does not know "ws", only tcp, tls`}},
		"a scheme that none of several dialers knows": {with(func(s *Spec) {
			s.Dialer = transport.Schemes{"wss": new(transport.WebSocket), "tcp": new(transport.TCP)}
		}),
			[]string{`does not know "ws", only tcp, wss`}},
		"a stream without a port": {with(func(s *Spec) { s.Address, s.Dialer = transport.Static("tcp://server"), new(transport.TCP) }), []string{"names no port"}},
		"a map of nothing":        {with(func(s *Spec) { s.Dialer = transport.Schemes{} }), []string{"there are none"}},
		"a bad dialer": {with(func(s *Spec) { s.Dialer = &transport.WebSocket{Subprotocols: []string{"a b"}} }),
			[]string{"a b"}},
		"nils in their interfaces": {with(func(s *Spec) {
			s.Address, s.Dialer, s.Protocol, s.Strategy = transport.AddressFunc(nil), (*transport.WebSocket)(nil), (*explosive)(nil), StrategyFunc(nil)
		}), []string{"Address is nil", "Dialer is a nil *transport.WebSocket", "Protocol is a nil *supervisor.explosive", "a strategy is nil"}},
		"a nil function for a dialer":  {with(func(s *Spec) { s.Dialer = transport.DialerFunc(nil) }), []string{"Dialer is a nil transport.DialerFunc"}},
		"a nil pointer for an address": {with(func(s *Spec) { s.Address = (*opaque)(nil) }), []string{"Address is nil"}},
		"a bad strategy": {with(func(s *Spec) { s.Strategy = Fixed{Interval: -1, Jitter: 2} }),
			[]string{"Fixed.Interval is -1ns", "Fixed.Jitter is 2"}},
		"negative counts": {with(func(s *Spec) {
			s.MaxRetries, s.GiveUpAfter, s.AuthThreshold = -1, -time.Second, -2
			s.Outbox.Messages, s.Outbox.Bytes, s.Outbox.MessageBytes = -1, -2, -3
			s.Inbox.Messages, s.Inbox.Bytes, s.Panics.Max = -4, -5, -6
			s.Flapping.Notice, s.Flapping.End = -11, -12
			s.Outbox.RoomMessages, s.Rooms.Rooms, s.Rooms.JoinWindow, s.Rooms.JoinRate = -7, -8, -9, -10
		}), []string{"Rooms.JoinRate is -10", "MaxRetries is -1", "AuthThreshold is -2", "GiveUpAfter is -1s", "Outbox.Messages is -1", "Outbox.Bytes is -2",
			"Outbox.MessageBytes is -3", "Inbox.Messages is -4", "Inbox.Bytes is -5", "Panics.Max is -6", "Flapping.Notice is -11", "Flapping.End is -12",
			"Outbox.RoomMessages is -7", "Rooms.Rooms is -8", "Rooms.JoinWindow is -9"}},
		"unknown choices": {with(func(s *Spec) { s.Restart, s.Exhausted, s.Outbox.Overflow, s.SyncPolicy = 3, 2, 3, 2 }),
			[]string{"Restart is 3", "Exhausted is 2", "SyncPolicy is 2", "Outbox.Overflow is 3"}},
		"every negative duration": {with(func(s *Spec) {
			for _, d := range s.durations() {
				*d.value = -time.Second
			}
		}), []string{"Timeouts.Prepare is -1s", "Timeouts.Dial is -1s", "Timeouts.Auth is -1s", "Timeouts.Sync is -1s", "Timeouts.Drain is -1s",
			"Timeouts.Close is -1s", "Timeouts.StableAfter is -1s", "Timeouts.SessionTTL is -1s", "Timeouts.MaxAge is -1s", "Timeouts.ProbeAfter is -1s",
			"Timeouts.MinInterval is -1s", "Keepalive.Interval is -1s", "Keepalive.Grace is -1s", "Outbox.TTL is -1s", "Outbox.AckTimeout is -1s", "GiveUpAfter is -1s",
			"Rooms.Join is -1s", "Rooms.Verify is -1s", "Rooms.Leave is -1s", "Rooms.StableAfter is -1s", "Panics.Within is -1s", "Flapping.Within is -1s"}},
		"what must end some time": {with(func(s *Spec) {
			for _, d := range s.durations() {
				*d.value = Never
			}
		}), []string{"Timeouts.Prepare is Never", "Timeouts.Dial is Never", "Timeouts.Auth is Never", "Timeouts.Sync is Never", "Timeouts.Drain is Never",
			"Timeouts.Close is Never", "Timeouts.StableAfter is Never", "Timeouts.ProbeAfter is Never", "Timeouts.MinInterval is Never", "Keepalive.Grace is Never",
			"Rooms.Join is Never", "Rooms.Verify is Never", "Rooms.Leave is Never", "Rooms.StableAfter is Never", "Panics.Within is Never", "Flapping.Within is Never"}},
		"a jitter above 1":           {with(func(s *Spec) { s.Keepalive.Jitter = 1.1 }), []string{"Keepalive.Jitter is 1.1"}},
		"a jitter below 0":           {with(func(s *Spec) { s.Keepalive.Jitter = -0.1 }), []string{"Keepalive.Jitter is -0.1"}},
		"a jitter that is no number": {with(func(s *Spec) { s.Keepalive.Jitter = math.NaN() }), []string{"Keepalive.Jitter is NaN"}},
		"several things": {with(func(s *Spec) { s.ID, s.Handler, s.MaxRetries, s.Timeouts.Dial = "", nil, -1, -1 }),
			[]string{"ID is empty", "Handler is nil", "MaxRetries is -1", "Timeouts.Dial is -1ns"}},
	} {
		inScene(t, func(s *scene) {
			ch, err := s.fleet.Open(s.t.Context(), test.spec)
			if ch != nil || !errors.Is(err, messages.ReasonInvalidSpec) {
				t.Errorf("%s: got %v, %v", sentence, ch, err)
				return
			}
			sameLines(t, sentence, err, test.want)
			for range s.fleet.Channels() {
				t.Errorf("%s: a channel is there", sentence)
			}
		})
	}
}

func TestNewNamesEverythingThatIsWrong(t *testing.T) {
	for sentence, test := range map[string]struct {
		opts []Option
		want []string
	}{
		"nil options": {[]Option{nil, WithLogger(nil), WithSystem(nil), WithDialer(nil), WithProtocol(nil), WithStrategy(nil)},
			[]string{"an option is nil", "WithLogger got nil", "WithSystem got nil", "WithDialer got nil", "WithProtocol got nil", "a strategy is nil"}},
		"nils in their interfaces": {[]Option{WithDialer((*transport.WebSocket)(nil)), WithProtocol((*explosive)(nil)), WithStrategy(StrategyFunc(nil))},
			[]string{"WithDialer got nil", "WithProtocol got nil", "a strategy is nil"}},
		"numbers": {[]Option{WithObserverQueue(0), WithShutdown(-1), WithLimits(Limits{-1, -1, -1}), WithBreaker(BreakerLimits{-1, -1, 1.5, -1, -1})},
			[]string{"WithObserverQueue got 0", "WithShutdown got -1ns", "Limits.PerSecond is -1", "Limits.Burst is -1", "Limits.Concurrent is -1",
				"BreakerLimits.Window", "BreakerLimits.Attempts is -1", "BreakerLimits.FailureRatio is 1.5", "BreakerLimits.ProbeEvery", "BreakerLimits.Successes is -1"}},
		"no numbers": {[]Option{WithLimits(Limits{PerSecond: math.NaN()}), WithBreaker(BreakerLimits{FailureRatio: math.NaN()})},
			[]string{"Limits.PerSecond is NaN", "BreakerLimits.FailureRatio is NaN"}},
		"a bad dialer": {[]Option{WithDialer(&transport.WebSocket{Subprotocols: []string{"a b"}})}, []string{"a b"}},
	} {
		fleet, err := New(test.opts...)
		if fleet != nil || !errors.Is(err, messages.ReasonInvalidSpec) {
			t.Errorf("%s: got %v, %v", sentence, fleet, err)
			continue
		}
		sameLines(t, sentence, err, test.want)
	}
}

func TestOpeningTwiceIsTheSameChannelOrAConflict(t *testing.T) {
	inScene(t, func(s *scene) {
		ctx := s.t.Context()
		a := s.ready("a")[0]
		again, err := s.fleet.Open(ctx, s.spec("a"))
		if again != a || err != nil {
			t.Errorf("the same: %v, %v", again, err)
		}
		other := s.spec("a")
		other.Address = transport.Static("ws://user:secret@elsewhere/a?token=secret")
		if ch, err := s.fleet.Open(ctx, other); ch != nil || !errors.Is(err, messages.ReasonConflict) {
			t.Errorf("another address: %v, %v", ch, err)
		} else {
			public(t, err.Error())
		}
		other.Address = transport.AddressFunc(func(context.Context, transport.AddressRequest) (transport.Target, error) {
			return transport.Target{}, nil
		})
		if _, err := s.fleet.Open(ctx, other); !errors.Is(err, messages.ReasonConflict) {
			t.Errorf("a callback for an address: %v", err)
		}
		over, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := s.fleet.Open(over, s.spec("b")); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context: %v", err)
		}
		s.must(a.Close(ctx))
		fresh := s.ready("a")[0]
		if fresh == a {
			t.Error("a closed channel came back")
		}
		if snapshot := fresh.Snapshot(); snapshot.Epoch != 1 {
			t.Errorf("it is not new: %+v", snapshot)
		}
		slow := s.spec("slow")
		slow.Dialer = transport.DialerFunc(func(context.Context, transport.Target) (transport.Conn, error) {
			time.Sleep(time.Minute)
			return nil, errors.New("at last")
		})
		dialing, closed := s.open(slow), make(chan error, 1)
		s.wait(dialing, messages.Dialing)
		go func() { closed <- dialing.Close(ctx) }()
		synctest.Wait()
		if _, err := s.fleet.Open(ctx, slow); !errors.Is(err, messages.ReasonConflict) {
			t.Errorf("while it is being closed: %v", err)
		}
		s.must(<-closed)
		s.must(s.fleet.Close(ctx))
		if _, err := s.fleet.Open(ctx, s.spec("late")); !errors.Is(err, messages.ReasonFleetClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// opaque is an address with anything inside.
type opaque struct{ inside any }

// Resolve implements transport.Address.
func (opaque) Resolve(context.Context, transport.AddressRequest) (transport.Target, error) {
	return transport.Target{}, errors.New("nowhere")
}

// Check is how Open would fall over a nil pointer.
func (o *opaque) Check() error { _ = o.inside; return nil }

func TestAddressesThatCannotBeComparedAreTheSame(t *testing.T) {
	for sentence, test := range map[string]struct {
		first, second any
		same          bool
	}{
		"two callbacks":               {func() {}, func() {}, true},
		"equal values":                {1, 1, true},
		"other values":                {1, 2, false},
		"a value and then a callback": {1, func() {}, false},
		"a callback and then a value": {func() {}, 1, false},
	} {
		inScene(t, func(s *scene) {
			open := func(inside any) (*Channel, error) {
				return s.fleet.Open(s.t.Context(), Spec{ID: "a", Address: opaque{inside}, Handler: Discard, Manual: true})
			}
			first, err := open(test.first)
			s.must(err)
			switch second, err := open(test.second); {
			case test.same && (err != nil || second != first):
				t.Errorf("%s: %v, %v", sentence, second, err)
			case !test.same && !errors.Is(err, messages.ReasonConflict):
				t.Errorf("%s: %v", sentence, err)
			}
		})
	}
}
