package supervisor

import (
	"errors"
	"io"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// Option sets one thing about a fleet. A bad one is reported by [New] and
// [Props], together with all other bad ones.
type Option func(*options)

type options struct {
	logger   *logrus.Logger
	system   *actor.ActorSystem
	dialer   transport.Dialer
	protocol transport.Protocol
	strategy Strategy
	network  Network // nil: nobody watches
	limits   Limits
	breaker  BreakerLimits
	queue    int
	shutdown time.Duration
	random   func() float64
	errs     []error
}

func collect(opts []Option) (*options, error) {
	o := &options{
		dialer:   &transport.WebSocket{},
		protocol: transport.Raw(),
		strategy: Backoff{},
		queue:    4096,
		shutdown: 35 * time.Second,
		random:   rand.Float64,
	}
	for _, opt := range opts {
		if opt == nil {
			o.bad("an option is nil; leave it out")
			continue
		}
		opt(o)
	}
	if o.logger == nil {
		o.logger = logrus.New()
		o.logger.SetOutput(io.Discard)
		o.logger.SetLevel(logrus.PanicLevel) // lines that nobody reads are not written
	}
	for _, err := range []error{CheckStrategy(o.strategy), o.limits.Check(), o.breaker.Check()} {
		if err != nil {
			o.errs = append(o.errs, err)
		}
	}
	for _, part := range []any{o.dialer, o.protocol, o.network} {
		if p, ok := part.(checked); ok {
			if err := p.Check(); err != nil {
				o.errs = append(o.errs, err)
			}
		}
	}
	return o, errors.Join(o.errs...)
}

func (o *options) bad(format string, args ...any) {
	o.errs = append(o.errs, &messages.Error{Op: "new fleet", Reason: messages.Because(messages.ReasonInvalidSpec, format, args...)})
}

// WithLogger sends log lines to a logrus logger: warnings and errors of
// channels, thinned when they repeat, and the actor system's own. Without it
// nothing is logged.
func WithLogger(logger *logrus.Logger) Option {
	return func(o *options) {
		if logger == nil {
			o.bad("WithLogger got nil; leave the option out for silence")
		}
		o.logger = logger
	}
}

// WithSystem runs the fleet's actors in an actor system that exists already,
// and publishes the fleet's events on its EventStream. The system must outlive
// the fleet. Without it the fleet makes one of its own.
func WithSystem(system *actor.ActorSystem) Option {
	return func(o *options) {
		if system == nil {
			o.bad("WithSystem got nil; leave the option out for a system of the fleet's own")
		}
		o.system = system
	}
}

// WithDialer sets the dialer of channels whose Spec has none; by default
// transport.WebSocket{}.
func WithDialer(dialer transport.Dialer) Option {
	return func(o *options) {
		if isNil(dialer) {
			o.bad("WithDialer got nil; leave the option out for transport.WebSocket{}")
			return
		}
		o.dialer = dialer
	}
}

// WithProtocol sets the protocol of channels whose Spec has none; by default
// transport.Raw().
func WithProtocol(protocol transport.Protocol) Option {
	return func(o *options) {
		if isNil(protocol) {
			o.bad("WithProtocol got nil; leave the option out for transport.Raw()")
			return
		}
		o.protocol = protocol
	}
}

// WithStrategy sets the restart strategy of channels whose Spec has none; by
// default Backoff{}.
func WithStrategy(strategy Strategy) Option {
	return func(o *options) { o.strategy = strategy }
}

// WithLimits bounds the dials per endpoint.
func WithLimits(limits Limits) Option {
	return func(o *options) { o.limits = limits }
}

// WithBreaker tunes the breaker per endpoint.
func WithBreaker(limits BreakerLimits) Option {
	return func(o *options) { o.breaker = limits }
}

// WithObserverQueue bounds how many events may wait for one observer; 4,096 by
// default. What does not fit is counted and told with a Missed event.
func WithObserverQueue(events int) Option {
	return func(o *options) {
		if events < 1 {
			o.bad("WithObserverQueue got %d; an observer needs room for at least one event", events)
		}
		o.queue = events
	}
}

// WithShutdown bounds how long Run waits for a drain once its context has
// ended, and how long Close waits for handlers and callbacks that do not
// return; 35 s by default, which leaves the channels their own 30 s to drain.
// Run may take the 5 s of [Fleet.Drain] on top.
func WithShutdown(within time.Duration) Option {
	return func(o *options) {
		if within <= 0 {
			o.bad("WithShutdown got %s; it must be above zero", within)
		}
		o.shutdown = within
	}
}

// WithSeed draws every random choice of the fleet from a seeded source: the
// jitter of heartbeats, rotations, probes, and of the strategies of this
// package that are not inside another one. It is meant for tests.
func WithSeed(seed uint64) Option {
	return func(o *options) {
		source := &lockedRandom{r: rand.New(rand.NewPCG(seed, seed))}
		o.random = source.Float64
	}
}
