package netlink

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

// Watcher watches the routes and links of this machine. Its zero value is ready.
// It needs no privileges. On other systems than Linux its Watch returns
// [errors.ErrUnsupported].
//
// It sees the network namespace that the process is in, or, if Watch is called
// from a goroutine that is locked to a thread, the one of that thread.
type Watcher struct {
	// Destinations are addresses of which at least one must be routable. None: a
	// default route will do. An address counts as routable if, in any table, the
	// most specific routes to it have one through a link that is up; a blackhole,
	// unreachable or prohibit route is none.
	Destinations []netip.Addr
	// Settle is how long after a change the tables are read again; 0: 250 ms. What
	// is as it was by then has never happened.
	Settle time.Duration
}

var _ supervisor.Network = Watcher{}

// Check reports everything that is wrong.
func (w Watcher) Check() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, &messages.Error{Op: "watch the network", Reason: messages.Because(messages.ReasonInvalidSpec, format, args...)})
	}
	for i, destination := range w.Destinations {
		if !destination.IsValid() {
			bad("destination %d is no address", i)
		}
	}
	if w.Settle < 0 || w.Settle == supervisor.Never {
		bad("Settle is %s; it must end some time, and 0 means 250 ms", w.Settle)
	}
	return errors.Join(errs...)
}

// Watch implements [supervisor.Network]. It tells the state at its beginning and
// every change of it. When it returns, its goroutine and its socket are gone.
//
// It returns an error when the kernel does not let it read, ten times in a row.
func (w Watcher) Watch(ctx context.Context, tell func(up bool)) error {
	if err := w.Check(); err != nil {
		return err
	}
	s, err := open()
	if err != nil {
		return fmt.Errorf("watch routes and links: %w", err)
	}
	return w.follow(ctx, s, tell)
}

// source is where the tables come from.
type source interface {
	// wait blocks until something has changed, or may have. After close it returns
	// an error.
	wait() error
	// read reads the tables; of the routes those that are wanted. The error is errTorn
	// if they changed meanwhile: then some may be missing.
	read(wanted func(netip.Prefix) bool) (tables, error)
	close()
}

var errTorn = errors.New("the tables changed while they were read")

const (
	patience = 10          // how many times in a row reading may fail
	again    = time.Second // until it is tried once more
)

// follow reads the tables now, and whenever something has changed, until ctx or
// the source ends. It closes the source.
func (w Watcher) follow(ctx context.Context, s source, tell func(up bool)) error {
	changed, ended := make(chan struct{}, 1), make(chan struct{})
	var why error // why the source ended
	go func() {
		defer close(ended)
		for {
			if why = s.wait(); why != nil {
				return
			}
			select {
			case changed <- struct{}{}:
			default: // it is known that something has changed
			}
		}
	}()
	defer func() { s.close(); <-ended }()

	var told, last bool
	for failures := 0; ; {
		now, err := s.read(w.wanted)
		up, pause := now.reach(w.Destinations), again
		if err != nil && !(up && errors.Is(err, errTorn)) {
			if failures++; failures == patience {
				return fmt.Errorf("read routes and links, %d times: %w", patience, err)
			}
		} else {
			failures, pause = 0, w.settle()
			if !told || up != last {
				told, last = true, up
				tell(up)
			}
			select {
			case <-changed:
			case <-ended:
				return fmt.Errorf("watch routes and links: %w", why)
			case <-ctx.Done():
				return nil
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		// What was said until here is answered by reading now. It is taken back
		// before, so that what comes while reading leads to reading again.
		select {
		case <-changed:
		default:
		}
	}
}

func (w Watcher) settle() time.Duration {
	if w.Settle == 0 {
		return 250 * time.Millisecond
	}
	return w.Settle
}

// wanted reports whether routes to that prefix make a difference. A machine may
// have a million others.
func (w Watcher) wanted(prefix netip.Prefix) bool {
	if len(w.Destinations) == 0 {
		return isDefault(prefix)
	}
	for _, destination := range w.Destinations {
		if prefix.Contains(plain(destination)) {
			return true
		}
	}
	return false
}

// plain is an address as routes have them: an IPv4 address is one, and a zone is
// not theirs.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
