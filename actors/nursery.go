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
	mu      sync.Mutex
	props   *actor.Props
	waiting map[string]*Record // for the actor of that name to start; nil while there is none
}

// spawn spawns the actor of a record. Its parent does not note it among its children.
func (n *nursery) spawn(parent actor.SpawnerContext, r *Record) *actor.PID {
	n.mu.Lock()
	if n.props == nil {
		n.props = r.propsOf(func(*actor.ActorSystem) actor.Actor { return &channel{nursery: n} })
	}
	n.mu.Unlock()
	name := r.system.ProcessRegistry.NextID()
	if self := parent.Self(); self != nil {
		name = self.Id + "/" + name
	}
	n.expect(name, r)
	pid, err := actor.DefaultSpawner(r.system, name, n.props, parent)
	if err != nil {
		n.claim(name)
		panic(err)
	}
	return pid
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
