package actors

import (
	"strings"

	"github.com/asynkron/protoactor-go/actor"
)

// cradle stands between a channel and its connection. protoactor keeps a set of its
// children for each parent, with room for eight, and most channels have one child
// and never another: that would be more than half a kilobyte of every idle channel.
// So connections have the cradle for their parent, which keeps nothing: it passes
// their failures and their ends on to the channel, whose name is in theirs.
//
// What protoactor does for a parent who ends, the channel does itself: it stops its
// connection. It does not wait for it; whoever waits for the end of a channel waits
// for its socket too, see [Record.Ended].
type cradle struct{ registry *actor.ProcessRegistryValue }

// cradleName is that of the cradle of an actor system, which all its fleets share.
const cradleName = "holdfast"

// cradleOf is the cradle of a system.
func cradleOf(system *actor.ActorSystem) *actor.PID {
	pid, _ := system.ProcessRegistry.Add(cradle{system.ProcessRegistry}, cradleName) // unless it is there
	return pid
}

// SendUserMessage implements actor.Process. Nobody sends any.
func (cradle) SendUserMessage(*actor.PID, any) {}

// SendSystemMessage implements actor.Process. What comes from a connection whose
// channel has ended goes nowhere.
func (c cradle) SendSystemMessage(_ *actor.PID, message any) {
	var child *actor.PID
	switch m := message.(type) {
	case *actor.Failure:
		child = m.Who
	case *actor.Terminated:
		child = m.Who
	default:
		return
	}
	name := child.Id[:strings.LastIndexByte(child.Id, '/')]
	if channel, ok := c.registry.GetLocal(name); ok {
		channel.SendSystemMessage(nil, message)
	}
}

// Stop implements actor.Process. A cradle holds nothing, and stays.
func (cradle) Stop(*actor.PID) {}

// foster is a context that spawns children for the cradle.
type foster struct {
	actor.Context
	cradle *actor.PID
}

// Self is whom the child takes for its parent.
func (f foster) Self() *actor.PID { return f.cradle }

// nurse spawns a connection of the channel.
func (c *channel) nurse(ctx actor.Context, conn *connection) *actor.PID {
	name := ctx.Self().Id + "/" + c.system.ProcessRegistry.NextID()
	pid, err := c.Workers.nursery.connection(conn, name, ctx)
	if err != nil {
		panic(err)
	}
	return pid
}
