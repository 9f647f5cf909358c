package supervisor

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/messages"
)

// listen adds a keyed listener. Replacing is one step: of two who listen with one
// key at once, one remains.
func (h *house) listen(key string, fn func(messages.Event)) bool {
	l := newListener(key, h.queue, &h.workers, h.observerPanicked, fn)
	h.hearing.Lock()
	defer h.hearing.Unlock()
	h.silence(key)
	if !h.bus.join(&l.observer, h.portraits) {
		return false
	}
	h.listeners[key] = l
	return true
}

func (h *house) unlisten(key string) {
	h.hearing.Lock()
	defer h.hearing.Unlock()
	h.silence(key)
}

// silence removes a listener. The caller holds h.hearing.
func (h *house) silence(key string) {
	if l := h.listeners[key]; l != nil {
		delete(h.listeners, key)
		l.remove()
		h.bus.leave(&l.observer)
	}
}

// refuse lets nothing new in, and listens to no network: what ends needs none.
func (h *house) refuse() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.reach.end()
}

// drain asks every channel to drain and waits for all of them, and for what the
// handlers have not been given yet: closing would drop it.
func (h *house) drain(ctx context.Context) error {
	h.refuse()
	list := h.all()
	for _, ch := range list {
		ch.send(messages.Drain{})
	}
	for _, ch := range list {
		if _, err := ch.Wait(ctx, messages.Closed); err != nil && ctx.Err() != nil {
			return &messages.Error{Op: "drain", Channel: ch.ID(), Reason: messages.Because(messages.ReasonDrainTimeout, "it did not close in time; what it held has failed"), Err: ctx.Err()}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, closingGrace)
	defer cancel()
	if err := h.workers.Wait(ctx); err != nil {
		return &messages.Error{Op: "drain", Reason: messages.Because(messages.ReasonDrainTimeout, "a handler, listener, callback or network had not returned in time; what waits for a handler is dropped"), Err: err}
	}
	return nil
}

// close stops the supervisor actor, and with it everything, and waits until
// nothing is left.
//
// However long ctx lasts, it gives up after the time of WithShutdown: what is
// left by then is a user's code that does not return, and may never. Observers
// are let go in any case.
func (h *house) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, h.shutdown)
	defer cancel()
	h.refuse()
	err := h.stop(ctx)
	h.bus.close()
	if err == nil {
		err = h.workers.Wait(ctx)
	}
	if err != nil {
		return &messages.Error{Op: "close", Reason: messages.Because(messages.ReasonCloseTimeout, "still there: %s; a handler, listener, dialer, address callback or network has not returned", h), Err: err}
	}
	return nil
}

// stop stops the supervisor actor and waits until the last channel has ended.
func (h *house) stop(ctx context.Context) error {
	h.mu.Lock()
	pid := h.root
	if pid == nil { // it has not started yet: started passes this on
		h.waiting = append(h.waiting, &quit{})
	}
	h.mu.Unlock()
	if pid != nil {
		h.send(pid, &actor.Stop{})
	}
	select {
	case <-h.stopped:
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, ch := range h.all() {
		select {
		case <-ch.record.Ended():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// isStopped reports whether the supervisor actor is gone: then nothing is sent to it,
// that would be a dead letter.
func (h *house) isStopped() bool {
	select {
	case <-h.stopped:
		return true
	default:
		return false
	}
}
