package supervisor

import (
	"context"
	"testing/synctest"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
	"github.com/seed14814784/holdfast/transport/wstest"
)

// situation brings a channel into a status, where it stays for a while.
type situation struct {
	prepare func(*scene, *Spec)
	then    func(*scene, *Channel)
}

// situations has one for every status.
var situations = map[messages.Status]situation{
	messages.Idle:   {prepare: func(_ *scene, spec *Spec) { spec.Manual = true }},
	messages.Queued: {prepare: func(s *scene, spec *Spec) { s.fill(spec) }},
	messages.Preparing: {prepare: func(_ *scene, spec *Spec) {
		spec.Address = transport.AddressFunc(func(ctx context.Context, _ transport.AddressRequest) (transport.Target, error) {
			<-ctx.Done()
			return transport.Target{}, ctx.Err()
		})
	}},
	messages.Dialing:        {prepare: func(s *scene, _ *Spec) { s.server.Handle(wstest.Stall(wstest.Requested)) }},
	messages.Authenticating: {prepare: func(_ *scene, spec *Spec) { spec.Protocol = &slowLogin{} }},
	messages.Syncing:        {prepare: func(_ *scene, spec *Spec) { spec.Protocol = &slowLogin{sync: true} }},
	messages.Ready:          {},
	messages.Backoff:        {prepare: func(s *scene, _ *Spec) { s.server.Handle(wstest.Refuse(500)) }},
	messages.Suspended: {prepare: func(s *scene, spec *Spec) {
		s.server.Handle(wstest.Refuse(500))
		spec.MaxRetries, spec.Exhausted = 1, Suspend
	}},
	messages.Held: {then: func(s *scene, ch *Channel) { s.must(ch.Pause(s.t.Context())) }},
	messages.Draining: {prepare: func(_ *scene, spec *Spec) { spec.Protocol = &deaf{} }, then: func(s *scene, ch *Channel) {
		s.wait(ch, messages.Ready)
		_, err := ch.Send(s.t.Context(), messages.Text("never acknowledged"))
		s.must(err)
		go func() { _ = ch.Drain(context.Background()) }()
	}},
	messages.Closing: {then: func(s *scene, ch *Channel) {
		s.wait(ch, messages.Ready)
		s.server.Conns()[0].Silence()
		s.must(ch.Disconnect(s.t.Context(), messages.Logout))
	}},
	messages.Closed: {then: func(s *scene, ch *Channel) {
		s.must(ch.Disconnect(s.t.Context(), messages.Logout))
	}},
	messages.Kicked: {prepare: func(s *scene, _ *Spec) { s.server.Handle(wstest.Kick(4001, "replaced")) }},
	messages.Failed: {prepare: func(s *scene, _ *Spec) { s.server.Handle(wstest.Refuse(403)) }},
}

// bring opens a channel and brings it into a status.
func (s *scene) bring(status messages.Status) *Channel {
	s.t.Helper()
	spec, way := s.spec("a"), situations[status]
	if way.prepare != nil {
		way.prepare(s, &spec)
	}
	ch := s.open(spec)
	if way.then != nil {
		synctest.Wait()
		way.then(s, ch)
	}
	s.wait(ch, status)
	return ch
}

// fill lets one dial at a time through and occupies it with another channel.
func (s *scene) fill(spec *Spec) {
	s.fleet.house.gate.limits.Concurrent = 1
	s.server.Handle(wstest.Stall(wstest.Requested))
	first := s.open(s.spec("first"))
	s.wait(first, messages.Dialing)
	spec.ID = "second"
}
