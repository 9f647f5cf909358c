package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// nursery has the Props that all channels of a fleet share. An actor keeps its Props for
// as long as it lives, and they are not small: of its own, they would be a twelfth of what
// an idle channel takes. Nor do they tell whose actor they make, so a channel's finds its
// record when it starts. Its zero value is ready.
type nursery struct {
	spawning sync.Mutex
	next     *Record      // of the actor that is being spawned
	door     *actor.Props // what a parent spawns
	props    *actor.Props // what it gets

	mu      sync.Mutex
	waiting map[string]*Record // for the actor of that name to start; nil while there is none
}

// spawn spawns the actor of a record, under a name that protoactor draws on the way.
func (n *nursery) spawn(parent actor.SpawnerContext, r *Record) *actor.PID {
	n.spawning.Lock()
	defer n.spawning.Unlock()
	if n.door == nil {
		n.props = r.propsOf(func(*actor.ActorSystem) actor.Actor { return &channel{nursery: n} })
		n.door = actor.PropsFromProducer(nil, actor.WithSpawnFunc(n.enter))
	}
	n.next = r
	defer func() { n.next = nil }()
	return parent.Spawn(n.door)
}

// enter has the actor of that name find its record.
func (n *nursery) enter(system *actor.ActorSystem, name string, _ *actor.Props, parent actor.SpawnerContext) (*actor.PID, error) {
	n.expect(name, n.next)
	pid, err := actor.DefaultSpawner(system, name, n.props, parent)
	if err != nil {
		n.claim(name)
	}
	return pid, err
}

// expect keeps a record for the actor of that name, which starts or starts anew.
func (n *nursery) expect(name string, r *Record) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting == nil {
		n.waiting = map[string]*Record{}
	}
	n.waiting[name] = r
}

// claim gives the record that waits, or nil.
func (n *nursery) claim(name string) *Record {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := n.waiting[name]
	if delete(n.waiting, name); len(n.waiting) == 0 {
		n.waiting = nil
	}
	return r
}
