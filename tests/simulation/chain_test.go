package simulation

import (
	"fmt"
	"sync"

	"github.com/seed14814784/holdfast/messages"
)

// chain holds the events that one observer sees against what is promised to it:
// each channel's numbers rise by one, every change begins where the one before
// ended, none is missed, none comes after the last word.
type chain struct {
	name   string
	mu     sync.Mutex
	links  map[messages.ChannelID]chainLink
	faults []string
	events int
}

type chainLink struct {
	seq     uint64
	status  messages.Status
	stopped bool
}

func newChain(name string) *chain {
	return &chain{name: name, links: map[messages.ChannelID]chainLink{}}
}

func (c *chain) note(event messages.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events++
	id := event.Subject()
	last := c.links[id]
	if last.stopped {
		c.wrong("%v comes after the last word", event)
	}
	switch e := event.(type) {
	case messages.Snapshot:
		if last != (chainLink{}) {
			c.wrong("a snapshot of %s comes after other events of it", id)
		}
		c.links[id] = chainLink{seq: e.Seq, status: e.Status}
	case messages.StatusChanged:
		if e.Seq != last.seq+1 || e.Prev != last.status || e.Cur == e.Prev {
			c.wrong("%v is number %d after %s at number %d", e, e.Seq, last.status, last.seq)
		}
		c.links[id] = chainLink{seq: e.Seq, status: e.Cur}
	case messages.Updated:
		if e.Seq != last.seq+1 || e.Status != last.status {
			c.wrong("update %v after %s at number %d", e, last.status, last.seq)
		}
		c.links[id] = chainLink{seq: e.Seq, status: e.Status}
	case messages.Stopped:
		if e.Seq != last.seq {
			c.wrong("%s says that its last number is %d, but it was %d", id, e.Seq, last.seq)
		}
		last.stopped = true
		c.links[id] = last
	case messages.Missed:
		c.wrong("missed %d events", e.Count)
	}
}

func (c *chain) wrong(format string, args ...any) {
	if len(c.faults) < 10 {
		c.faults = append(c.faults, c.name+": "+fmt.Sprintf(format, args...))
	}
}

// verdict is what was wrong, with every channel gone at the end.
func (c *chain) verdict() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, link := range c.links {
		if id != "" && !link.stopped {
			c.wrong("%s was never said to be gone", id)
		}
	}
	return c.faults
}
