package supervisor

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/seed14814784/holdfast/messages"
)

// Fleet keeps many channels alive. It is safe for concurrent use.
type Fleet struct{ house *house }

// New makes a fleet. It starts nothing but the Network of WithNetwork until the
// first channel is opened, and must be closed.
func New(opts ...Option) (*Fleet, error) {
	o, err := collect(opts)
	if err != nil {
		return nil, err
	}
	forward := o.system != nil
	if o.system == nil {
		o.system = newSystem(o.logger)
	}
	h := newHouse(o)
	o.system.Root.Spawn(h.props(forward))
	return &Fleet{h}, nil
}

// Open returns the channel with the specification's ID, making it if there is
// none. It does not wait: the channel connects by itself, unless the
// specification says Manual. ctx only refuses when it has ended already.
//
// Opening an ID again returns the same channel as it is: the first specification
// stays in force as a whole, its Handler included, and one that has ended, by a
// logout for example, is not connected again; that is what Connect is for.
// Another static address is an error with ReasonConflict; two address callbacks
// are taken for the same.
//
// Errors: ReasonInvalidSpec with everything that is wrong, ReasonConflict,
// ReasonFleetClosed.
func (f *Fleet) Open(ctx context.Context, spec Spec) (*Channel, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ch, err := f.house.open(spec)
	if err != nil {
		return nil, err
	}
	return ch, nil
}

// Channel finds an open channel.
func (f *Fleet) Channel(id messages.ChannelID) (*Channel, bool) { return f.house.find(id) }

// Channels gives a snapshot of every channel, in no particular order.
func (f *Fleet) Channels() iter.Seq[messages.Snapshot] {
	return func(yield func(messages.Snapshot) bool) {
		for _, ch := range f.house.all() {
			if !yield(ch.Snapshot()) {
				return
			}
		}
	}
}

// Events gives what happens from now on: first a Snapshot of every channel,
// then every event in the order of its channel, without a gap between the two.
// It ends when ctx ends, when the loop is left, or when the fleet is closed,
// after the last event. A loop that is too slow for its queue gets a Missed.
func (f *Fleet) Events(ctx context.Context) iter.Seq[messages.Event] {
	return func(yield func(messages.Event) bool) {
		wake := make(chan struct{}, 1)
		o := &observer{name: "events", limit: f.house.queue, ready: func() {
			select {
			case wake <- struct{}{}:
			default: // it is awake already
			}
		}}
		if !f.house.bus.join(o, f.house.portraits) {
			return
		}
		defer f.house.bus.leave(o)
		for ctx.Err() == nil {
			event, ok, more := o.take()
			switch {
			case ok:
				if !yield(event) {
					return
				}
			case !more:
				return
			default:
				select {
				case <-wake:
				case <-ctx.Done():
				}
			}
		}
	}
}

// Listen calls fn with every event, one at a time, until Unlisten with the same
// key; a listener that has the key already is replaced. It begins with a
// Snapshot of every channel. fn may take its time and may call anything but
// Close and Drain of the fleet; a panic in it is logged and the next event is
// delivered.
func (f *Fleet) Listen(key string, fn func(messages.Event)) error {
	if fn == nil {
		return &messages.Error{Op: "listen", Reason: messages.Because(messages.ReasonInvalidSpec, "the function of listener %q is nil", key)}
	}
	if !f.house.listen(key, fn) {
		return &messages.Error{Op: "listen", Reason: messages.Because(messages.ReasonFleetClosed, "the fleet is closed")}
	}
	return nil
}

// Unlisten removes a listener. Its function is not called again; a call that is
// running may still be finishing. An unknown key does nothing.
func (f *Fleet) Unlisten(key string) { f.house.unlisten(key) }

// Drain is the polite end: nothing new is accepted, every channel flushes its
// outbox, says goodbye and closes, the handlers have 5 s for what had arrived,
// then the fleet is closed. What does not end before ctx does is closed rudely,
// and the error says so. For what is rude, and for handlers and callbacks that do
// not return, there are 5 s after the drain or ctx has ended, whichever is first.
func (f *Fleet) Drain(ctx context.Context) error {
	drained := f.house.drain(ctx)
	rude, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingGrace)
	defer cancel()
	return errors.Join(drained, f.Close(rude))
}

// closingGrace bounds the rude part of a drain, and the time that its handlers
// have for what had arrived.
const closingGrace = 5 * time.Second

// Close is the rude end: every channel is stopped at once; what it had not
// written fails, what waits for its handler is dropped. It returns when every
// actor, goroutine and socket of the fleet is gone, or with an error that names
// what is left when ctx ends or the time of WithShutdown is over; observers are
// told nothing after that. Calling it again waits again.
func (f *Fleet) Close(ctx context.Context) error { return f.house.close(ctx) }

// Run blocks until ctx ends, then drains within the time of WithShutdown and the
// 5 s of Drain. It is for services that run their parts in a group.
func (f *Fleet) Run(ctx context.Context) error {
	<-ctx.Done()
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), f.house.shutdown)
	defer cancel()
	return f.Drain(within)
}
