package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// nursery has the Props that all channels of a fleet share, and all connections. An actor
// keeps its Props for as long as it lives, and they are not small: of its own, they would
// be a twelfth of what an idle channel takes. Nor do they tell whose actor they make, so a
// channel's finds its record when it starts. Its zero value is ready.
type nursery struct {
	mu          sync.Mutex
	channels    *actor.Props
	connections *actor.Props
	cradle      *actor.PID         // the parent of connections
	waiting     map[string]*Record // for the actor of that name to start; nil while there is none
	born        *connection        // about to be spawned
}

// open makes the Props. The caller holds the lock.
func (n *nursery) open(r *Record) {
	if n.channels != nil {
		return
	}
	n.channels = r.propsOf(func(*actor.ActorSystem) actor.Actor { return &channel{nursery: n} })
	n.connections = r.propsOf(func(*actor.ActorSystem) actor.Actor { return n.born })
	n.cradle = cradleOf(r.system)
}

// channel spawns the actor of a record.
func (n *nursery) channel(r *Record, name string, parent actor.SpawnerContext) (*actor.PID, error) {
	n.mu.Lock()
	n.open(r)
	n.mu.Unlock()
	n.expect(name, r)
	pid, err := actor.DefaultSpawner(r.system, name, n.channels, parent)
	if err != nil {
		n.claim(name)
	}
	return pid, err
}

// connection spawns one that is never made again: whoever holds the lock is its maker.
func (n *nursery) connection(c *connection, name string, ctx actor.Context) (*actor.PID, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open(c.rec)
	n.born = c
	defer func() { n.born = nil }()
	return actor.DefaultSpawner(c.rec.system, name, n.connections, foster{ctx, n.cradle})
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
