package wukongimtest

import "sync"

// census counts the connections that clients have open, by who they are. It has a
// mutex of its own: a network tells of endings with its own one held.
type census struct {
	mu   sync.Mutex
	open map[device]int
	most map[device]int
}

// device is who a connection is: two that are the same replace each other.
type device struct {
	uid  string
	flag byte
	id   string
}

// enter counts one more, until leave is called.
func (c *census) enter(d device) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open, c.most = make(map[device]int), make(map[device]int)
	}
	c.open[d]++
	c.most[d] = max(c.most[d], c.open[d])
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.open[d]--
	}
}

// count is how many are open, and peak the most that ever were of one device, of the
// uids or of all.
func (c *census) count(uids []string) (count, peak int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for d, most := range c.most {
		if named(uids, d.uid) {
			count += c.open[d]
			peak = max(peak, most)
		}
	}
	return count, peak
}
