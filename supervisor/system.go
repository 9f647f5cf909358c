package supervisor

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/sirupsen/logrus"
)

// deadLetterPause is how long the goroutine sleeps that the actor system starts
// for a dead letter and that nobody waits for. It is short, so that a closed
// fleet leaves nothing behind that anybody could notice.
const deadLetterPause = 10 * time.Millisecond

// newSystem makes the actor system of a fleet that was not given one.
func newSystem(logger *logrus.Logger) *actor.ActorSystem {
	system := actor.NewActorSystem(SystemLogger(logger), actor.WithDeadLetterThrottleInterval(deadLetterPause))
	condense(system.ProcessRegistry)
	return system
}

// condense has a registry find its actors in 128 maps instead of 32,768. Until there
// are a hundred thousand channels most of those hold one or two actors, and even one
// takes the room of eight; 128 are enough for nobody to wait at their locks.
func condense(registry *actor.ProcessRegistryValue) {
	found := map[string]actor.Process{}
	for _, name := range []string{"deadletter", "eventstream"} {
		found[name], _ = registry.GetLocal(name)
	}
	registry.LocalPIDs = &actor.SliceMap{LocalPIDs: slices.Clone(registry.LocalPIDs.LocalPIDs[:4])}
	for name, process := range found { // it may belong into another map now
		registry.Add(process, name)
	}
}
