package supervisor

import (
	"context"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/messages"
)

// reach is what a fleet believes about the network, and how its channels learn
// of it. There are two beliefs: the last hint, which anybody may change at any
// rate, and what the channels are told, which follows it in steps. One goroutine
// takes the steps, and exists only while the two differ or differed a moment ago.
type reach struct {
	log      *logrus.Entry
	workers  *actors.Workers
	channels func() []*Channel

	mu      sync.Mutex
	up      bool               // the last hint
	heard   bool               // it came from the network that is watched
	told    bool               // what the channels are told; only the steps change it
	ahead   bool               // some channel learned of a hint before the step
	telling bool               // a goroutine takes the steps
	deaf    bool               // the network has ended: what it says now is not believed
	ended   bool               // no hints any more
	cancel  context.CancelFunc // ends the watch; nil without one
	quit    chan struct{}      // closed by end
}

// hintPause is the least time between two steps. A network that flaps moves the
// channels once in this time, and no more than that waits in their mailboxes.
const hintPause = time.Second

func newReach(log *logrus.Entry, workers *actors.Workers, channels func() []*Channel) *reach {
	return &reach{log: log, workers: workers, channels: channels, up: true, told: true, quit: make(chan struct{})}
}

// hint takes a hint from the fleet's user.
func (r *reach) hint(up bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.take(up, false)
}

// take takes a hint. The caller holds the lock.
func (r *reach) take(up, heard bool) {
	r.up, r.heard = up, heard
	if r.ended || r.telling || r.up == r.told {
		return
	}
	r.telling = true
	r.workers.Go(r.follow)
}

// follow takes steps until the channels are told what the last hint says.
func (r *reach) follow() {
	for {
		r.mu.Lock()
		if r.ended || r.up == r.told && !r.ahead {
			r.telling = false
			r.mu.Unlock()
			return
		}
		r.told, r.ahead = r.up, false
		up := r.told
		r.mu.Unlock()
		r.tell(up)
		pause := time.NewTimer(hintPause)
		select {
		case <-pause.C:
		case <-r.quit:
			pause.Stop()
		}
	}
}

// tell passes a hint on to every channel. One that is opened meanwhile and is
// not among them is told what offline says. One that is told by both has the word
// of the later step last: its handle keeps what comes before the actor is
// spawned, and passes it on after what offline said.
func (r *reach) tell(up bool) {
	list := r.channels()
	entry, hint := r.log.WithField("channels", len(list)), any(messages.NetworkUp{})
	if up {
		entry.Info("a hint says that the network is back")
	} else {
		entry.Warn("a hint says that there is no network")
		hint = messages.NetworkDown{}
	}
	for _, ch := range list {
		select {
		case <-r.quit:
			return
		default:
		}
		if !ch.gone() {
			ch.send(hint)
		}
	}
}

// offline reports whether a channel has to know, before its first attempt, that
// there is no network. The step that tells the others may still be to come, and
// will not come if the hint is taken back before: then this channel alone would
// be left with it, so a step is owed in any case.
func (r *reach) offline() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead = r.ahead || r.told && !r.up
	return !r.up
}

// down reports whether the last hint says that there is no network.
func (r *reach) down() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.up
}

// end takes no hint from here on and asks the watch to return.
func (r *reach) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	r.ended = true
	close(r.quit)
	if r.cancel != nil {
		r.cancel()
	}
}
