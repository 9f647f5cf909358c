package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// Network tells a fleet whether this machine has a network. What it says is a
// hint: see [Fleet.NetworkDown] for what is done with one. Package
// supervisor/netlink has one for Linux.
type Network interface {
	// Watch calls tell with what is known at its beginning, and again whenever
	// that has changed, until ctx ends; then it returns, and the fleet's Close
	// waits for that. Until the first call the network is taken for up.
	//
	// tell never blocks, may be called from any goroutine and as often as one
	// likes: what repeats the hint before it does nothing, and of changes that
	// come faster than one a second only the last is passed on. After Watch has
	// returned it does nothing.
	//
	// A Watch that returns before ctx has ended, or panics, is logged and not
	// called again; from there on the network is taken for up, since nobody
	// would take back a hint that it is down. The error says why it ended. After
	// ctx has ended it is of no interest.
	//
	// Watch must not call Close and Drain of the fleet, which wait for it.
	//
	// A fleet calls Watch once. A Network that several fleets share is called by
	// each.
	Watch(ctx context.Context, tell func(up bool)) error
}

// NetworkFunc is a function as a Network.
type NetworkFunc func(ctx context.Context, tell func(up bool)) error

// Watch implements Network.
func (f NetworkFunc) Watch(ctx context.Context, tell func(up bool)) error { return f(ctx, tell) }

// WithNetwork lets a network say when this machine is offline: then attempts are
// held instead of made and counted. Without it, [Fleet.NetworkDown] is the only
// one to say so.
func WithNetwork(network Network) Option {
	return func(o *options) {
		if isNil(network) {
			o.bad("WithNetwork got nil; leave the option out for a fleet that tries whether there is a network")
			return
		}
		o.network = network
	}
}

// NetworkDown is the hint that this machine has no network. It is passed on to
// all channels, and to those that are opened later before their first attempt.
// It does not wait for any of that.
//
// A channel that is on its way up or waits for its next attempt is Held: it
// makes no attempts and counts no failures. One that is Ready stays so; its
// connection is probed, and only if nothing is heard within Keepalive.Grace it
// is replaced. Since a hint can be wrong, or the one that takes it back be lost,
// each channel tries again after Timeouts.ProbeAfter, through the gate. No
// strategy gives a channel up meanwhile, unless its GiveUpAfter is over.
//
// The last hint counts, from wherever it came: from here, or from the Network of
// WithNetwork. One that repeats the hint before it does nothing. Of hints that
// come faster than one a second only the last is passed on, at most a second
// later. A fleet that drains or is closed takes none.
func (f *Fleet) NetworkDown() { f.house.reach.hint(false) }

// NetworkUp takes the hint back. Channels that are Held, or wait for their next
// attempt, queue at the gate at once and count their attempts from 0.
func (f *Fleet) NetworkUp() { f.house.reach.hint(true) }

// watch starts the watch of a network, once, however often the supervisor starts. It
// ends with end.
func (r *reach) watch(network Network) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended || r.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.workers.Go(func() {
		defer cancel()
		err := errors.New("it ended its goroutine")
		defer func() { // whatever the network does, runtime.Goexit included
			if v := recover(); v != nil {
				r.log.WithField("stack", string(debug.Stack())).Errorf("the network's watch panicked: %v", v)
				err = fmt.Errorf("it panicked: %v", v)
			}
			r.unwatched(err)
		}()
		err = network.Watch(ctx, r.hear)
	})
}

// hear takes a hint from the network.
func (r *reach) hear(up bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.deaf {
		r.take(up, true)
	}
}

// unwatched notes that the network will say nothing any more. If the hint that
// counts is its own, nobody is left to take it back.
func (r *reach) unwatched(err error) {
	r.mu.Lock()
	r.deaf = true
	ended, lost := r.ended, r.heard && !r.up
	if lost {
		r.take(true, false)
	}
	r.mu.Unlock()
	if ended {
		return
	}
	entry := r.log.WithField("lost_hint", lost)
	if err != nil {
		entry = entry.WithError(err)
	}
	entry.Warn("the network is not watched any more and taken for up; from here on only attempts show whether it is")
}
