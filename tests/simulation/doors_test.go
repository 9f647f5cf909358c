package simulation

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/sirupsen/logrus"

	"github.com/seed14814784/holdfast/messages"
	"github.com/seed14814784/holdfast/supervisor"
)

// door is one of the two ways into a fleet.
type door interface {
	open(t *testing.T, spec supervisor.Spec)
	ask(id messages.ChannelID) (messages.Snapshot, error) // where a channel stands
	listen(note func(event any))
	close(t *testing.T)
}

// handles are the door for services.
type handles struct{ fleet *supervisor.Fleet }

func throughHandles(t *testing.T, options ...supervisor.Option) door {
	fleet, err := supervisor.New(options...)
	if err != nil {
		t.Fatal(err)
	}
	return handles{fleet}
}

func (d handles) open(t *testing.T, spec supervisor.Spec) {
	if _, err := d.fleet.Open(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
}

func (d handles) ask(id messages.ChannelID) (messages.Snapshot, error) {
	ch, ok := d.fleet.Channel(id)
	if !ok {
		return messages.Snapshot{}, fmt.Errorf("there is no channel %s", id)
	}
	return ch.Snapshot(), nil
}

func (d handles) listen(note func(any)) {
	_ = d.fleet.Listen("simulation", func(e messages.Event) { note(e) })
}

func (d handles) close(t *testing.T) {
	if err := d.fleet.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// pids are the door for actors: questions go through the channel's mailbox.
type pids struct {
	system   *actor.ActorSystem
	root     *actor.PID
	channels map[messages.ChannelID]*actor.PID
}

func throughActors(t *testing.T, options ...supervisor.Option) door {
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)
	system := actor.NewActorSystem(supervisor.SystemLogger(quiet))
	props, err := supervisor.Props(system, options...)
	if err != nil {
		t.Fatal(err)
	}
	return pids{system, system.Root.Spawn(props), map[messages.ChannelID]*actor.PID{}}
}

// patience is how long, in virtual time, an answer may take before the question
// counts as not answered.
const patience = 5 * time.Second

func (d pids) open(t *testing.T, spec supervisor.Spec) {
	answer, err := d.system.Root.RequestFuture(d.root, supervisor.Open{Spec: spec}, patience).Result()
	if err != nil {
		t.Fatal(err)
	}
	opened := answer.(supervisor.Opened)
	if opened.Err != nil {
		t.Fatal(opened.Err)
	}
	d.channels[opened.ID] = opened.Channel
}

func (d pids) ask(id messages.ChannelID) (messages.Snapshot, error) {
	answer, err := d.system.Root.RequestFuture(d.channels[id], messages.GetStatus{}, patience).Result()
	if err != nil {
		return messages.Snapshot{}, err
	}
	snapshot, ok := answer.(messages.Snapshot)
	if !ok {
		return snapshot, fmt.Errorf("the answer is a %T", answer)
	}
	return snapshot, nil
}

func (d pids) listen(note func(any)) { d.system.EventStream.Subscribe(note) }

func (d pids) close(t *testing.T) {
	if err := d.system.Root.StopFuture(d.root).Wait(); err != nil {
		t.Error(err)
	}
}
