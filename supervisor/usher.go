package supervisor

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed14814784/holdfast/actors"
)

// usher stands between the supervisor actor and its channels. protoactor keeps a set of
// its children for each actor, which would be a thirtieth of an idle channel, and the
// fleet has them in its registry already. So the supervisor has one child, which is a
// process and no actor: what channels say to their parent it passes on, it stops them all
// when it is to stop, and when the last one is gone it is gone itself.
type usher struct {
	actor.SpawnerContext // the supervisor's
	house                *house
	root, self           *actor.PID

	mu     sync.Mutex
	inside int  // channels that were spawned and are not gone
	ending bool // it is to stop
}

// newUsher makes the usher of a supervisor actor that starts.
func newUsher(ctx actor.Context, h *house) *usher {
	u := &usher{SpawnerContext: ctx, house: h, root: ctx.Self()}
	ctx.Spawn(actor.PropsFromProducer(nil, actor.WithSpawnFunc(u.enter)))
	return u
}

// enter takes the place of an actor that protoactor would spawn.
func (u *usher) enter(system *actor.ActorSystem, name string, _ *actor.Props, _ actor.SpawnerContext) (*actor.PID, error) {
	pid, added := system.ProcessRegistry.Add(u, name)
	if !added {
		return pid, actor.ErrNameExists
	}
	u.self = pid
	return pid, nil
}

// Self is whom channels take for their parent.
func (u *usher) Self() *actor.PID { return u.self }

// spawn makes the actor of a channel, on the supervisor's goroutine.
func (u *usher) spawn(ch *Channel) *actor.PID {
	pid := actors.Spawn(u, ch.record)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.inside++ // now: nobody stops a channel before its PID is known
	return pid
}

// isEnding reports whether it is too late to spawn: nobody would stop the channel.
func (u *usher) isEnding() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ending
}

// SendUserMessage implements actor.Process. Nobody sends any.
func (*usher) SendUserMessage(*actor.PID, any) {}

// SendSystemMessage implements actor.Process.
func (u *usher) SendSystemMessage(_ *actor.PID, message any) {
	switch message.(type) {
	case *actor.Failure:
		u.house.send(u.root, message)
	case *actor.Terminated:
		u.house.send(u.root, message)
		u.left()
	case *actor.Stop:
		u.stop()
	}
}

// Stop implements actor.Process.
func (u *usher) Stop(*actor.PID) { u.stop() }

// left notes that a channel is gone.
func (u *usher) left() {
	u.mu.Lock()
	u.inside--
	last := u.ending && u.inside == 0
	u.mu.Unlock()
	if last {
		u.leave()
	}
}

// stop stops all channels. Nothing is spawned any more.
func (u *usher) stop() {
	u.mu.Lock()
	again, none := u.ending, u.inside == 0
	u.ending = true
	u.mu.Unlock()
	switch {
	case again:
	case none:
		u.leave()
	default:
		for _, ch := range u.house.all() {
			if pid := ch.pid(); pid != nil {
				u.house.send(pid, &actor.Stop{})
			}
		}
	}
}

// leave ends the usher, which the supervisor has waited for.
func (u *usher) leave() {
	u.house.system.ProcessRegistry.Remove(u.self)
	u.house.send(u.root, &actor.Terminated{Who: u.self})
}
