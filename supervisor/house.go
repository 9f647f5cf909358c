package supervisor

import (
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/actors"
	"github.com/seed14814784/holdfast/actors/lifecycle"
	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/transport"
)

// house is what one fleet's actors and handles share: the registry of channels,
// the gate, the status bus. Both doors lead into it.
type house struct {
	options
	log     *logrus.Entry
	system  *actor.ActorSystem
	bus     *bus
	gate    *gate
	reach   *reach
	workers actors.Workers
	ports   atomic.Int32 // that the system had when it was asked last
	alarms  actors.Alarms
	crew    *actors.Crew

	hearing   sync.Mutex // taken before all others
	listeners map[string]*listener

	mu         sync.Mutex
	channels   map[messages.ChannelID]*Channel
	agreements map[terms]*agreement
	root       *actor.PID    // nil until the supervisor actor has started
	closed     bool          // nothing is opened any more
	stopped    chan struct{} // closed when the supervisor actor is gone
	waiting    []any         // for the supervisor actor to start
}

func newHouse(o *options) *house {
	h := &house{
		options:    *o,
		log:        logrus.NewEntry(o.logger),
		crew:       actors.NewCrew(),
		bus:        newBus(),
		channels:   map[messages.ChannelID]*Channel{},
		agreements: map[terms]*agreement{},
		listeners:  map[string]*listener{},
		stopped:    make(chan struct{}),
	}
	h.gate = newGate(o.limits, o.breaker, func(e messages.Event) { h.bus.publish(e, nil) })
	h.gate.random, h.gate.pause.random = o.random, o.random
	h.reach = newReach(h.log, &h.workers, h.all)
	diary := newDiary(h.log)
	writer := newListener("log", h.queue, &h.workers, h.observerPanicked, diary.note)
	writer.calm = true
	h.bus.join(&writer.observer, nil)
	return h
}

// Publish implements actors.Observer. The end of a channel frees its ID in the
// same step in which it is told: nobody sees the next channel of that ID begin
// before this one has ended.
func (h *house) Publish(event messages.Event, commit func()) {
	e, last := event.(messages.Stopped)
	if !last {
		h.bus.publish(event, commit)
		return
	}
	h.bus.publish(event, func() {
		h.mu.Lock()
		h.part(h.channels[e.Channel].agreement)
		delete(h.channels, e.Channel)
		h.mu.Unlock()
		commit()
	})
}

// Watched implements actors.Observer.
func (h *house) Watched() bool { return h.bus.watched.Load() > 0 }

func (h *house) observerPanicked(name, what string) {
	h.log.WithField("observer", name).Error("an observer panicked: " + what)
}

// report logs what panicked in a channel.
func (h *house) report(id messages.ChannelID, what string, stack []byte) {
	h.log.WithFields(logrus.Fields{"channel": string(id), "stack": string(stack)}).Error(what)
}

// open makes a channel, or finds the one that has the ID already.
func (h *house) open(spec Spec) (*Channel, error) {
	if err := spec.check(h.dialer, h.protocol); err != nil {
		return nil, err
	}
	spec = spec.filled()
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, h.refusal(spec.ID)
	}
	if old, ok := h.channels[spec.ID]; ok {
		h.mu.Unlock()
		return old, old.same(spec)
	}
	ch := &Channel{agreement: h.agree(spec), lobby: &lobby{}, manual: spec.Manual}
	ch.record = actors.NewRecord(h.system, h.settings(spec, &ch.agreement.Rules), !spec.Manual)
	h.channels[spec.ID] = ch
	h.mu.Unlock()
	h.tellRoot(&spawn{channel: ch})
	return ch, nil
}

func (h *house) refusal(id messages.ChannelID) error {
	return &messages.Error{Op: "open", Channel: id, Reason: messages.Because(messages.ReasonFleetClosed, "the fleet is closed or draining; make a new one")}
}

// tellRoot sends to the supervisor actor, or keeps the message until that has
// started. It is called under no lock: what is sent to an actor that is gone is
// a dead letter, whose subscribers are called at once and may use the fleet.
func (h *house) tellRoot(message any) {
	h.mu.Lock()
	root := h.root
	if root == nil {
		h.waiting = append(h.waiting, message)
	}
	h.mu.Unlock()
	if root != nil && !h.isStopped() {
		h.system.Root.Send(root, message)
	}
}

// send sends a system message to an actor, unless it is gone: that would be a dead letter.
func (h *house) send(to *actor.PID, message any) {
	if process, ok := h.system.ProcessRegistry.GetLocal(to.Id); ok {
		process.SendSystemMessage(to, message)
	}
}

// rules turns a complete specification into what the actors need to know, apart
// from whom it is about.
func (h *house) rules(s Spec) actors.Rules {
	rules := actors.Rules{
		Dialer: s.Dialer, Protocol: s.Protocol,
		Machine:  lifecycle.Machine{Strategy: s.strategy(h.strategy, h.random, h.reach.down, h.report), AuthThreshold: s.AuthThreshold, Sync: s.SyncPolicy},
		Gate:     h.gate,
		Observer: h,
		Workers:  &h.workers,
		Alarms:   &h.alarms,
		Crew:     h.crew,
		Insist:   s.Restart == Permanent,
		Timeouts: s.Timeouts, Keepalive: s.Keepalive, Outbox: s.Outbox, Inbox: s.Inbox, Panics: s.Panics,
		Flapping:        s.Flapping,
		Rooms:           s.Rooms,
		RoomStrategy:    s.roomStrategy(h.random, h.report),
		PublishReceived: s.PublishReceived,
		Borrow:          s.Borrow,
		Report:          h.report,
		GiveUpAfter:     s.GiveUpAfter,
		Random:          h.random,
	}
	if rules.Dialer == nil {
		rules.Dialer = h.dialer
	}
	if rules.Protocol == nil {
		rules.Protocol = h.protocol
	}
	return rules
}

// settings adds to the rules what is the channel's own.
func (h *house) settings(s Spec, rules *actors.Rules) actors.Settings {
	settings := actors.Settings{
		Channel: s.ID, Address: s.Address, Handler: s.Handler, Endpoint: s.Endpoint, Syncer: s.Syncer,
		Refreshable: !isStatic(s.Address),
		Rules:       rules,
	}
	if s.Credentials != nil {
		id := s.ID
		settings.Credentials = keeper{s.Credentials, &h.workers, func(what string, stack []byte) { h.report(id, what, stack) }}
		settings.Refreshable = s.Credentials.Fetch != nil
	}
	return settings
}

func isStatic(a any) bool {
	_, ok := a.(endpointed)
	return ok
}

// sameAddress reports whether two addresses are equal. Two callbacks cannot be
// compared; they are taken for the same.
func sameAddress(a, b transport.Address) bool {
	if reflect.ValueOf(a).Comparable() || reflect.ValueOf(b).Comparable() {
		return a == b
	}
	return reflect.TypeOf(a) == reflect.TypeOf(b)
}

// same says whether a channel may stand in for a specification with its ID.
func (c *Channel) same(spec Spec) error {
	if sameAddress(c.record.Address, spec.Address) {
		if c.isClosing() {
			return &messages.Error{Op: "open", Channel: spec.ID, Reason: messages.Because(messages.ReasonConflict, "a channel with this ID is being closed; wait for its Close to return")}
		}
		return nil
	}
	return &messages.Error{Op: "open", Channel: spec.ID, Reason: messages.Because(messages.ReasonConflict,
		"the channel %s is open; close it first, or use another ID for %s", c.name(), spec)}
}

// find gives the channel with that ID.
func (h *house) find(id messages.ChannelID) (*Channel, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ch, ok := h.channels[id]
	return ch, ok
}

// all gives every channel that is there now, in no particular order.
func (h *house) all() []*Channel {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*Channel, 0, len(h.channels))
	for _, ch := range h.channels {
		list = append(list, ch)
	}
	return list
}

// portraits gives a snapshot of every channel and its rooms, as events for a new observer.
func (h *house) portraits() []messages.Event {
	var events []messages.Event
	for _, ch := range h.all() {
		events = append(events, ch.Snapshot())
		for _, room := range ch.record.RoomSnapshots() {
			events = append(events, room)
		}
	}
	return events
}

// String names what is still there, for errors of a close that took too long.
func (h *house) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprintf("%d channels and %d goroutines or sockets", len(h.channels), h.workers.Count())
}
