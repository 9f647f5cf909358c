package wstest

import "sync"

// census counts what is open under each key, and the most that ever was. The
// zero census is ready to use.
type census struct {
	mu   sync.Mutex
	open map[string]int
	most map[string]int
}

// enter counts one more under the key, until leave is called, once.
func (c *census) enter(key string) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open, c.most = make(map[string]int), make(map[string]int)
	}
	c.open[key]++
	c.most[key] = max(c.most[key], c.open[key])
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.open[key]--; c.open[key] == 0 {
			delete(c.open, key)
		}
	}
}

// count is what is open under the keys together; under all if none is named.
func (c *census) count(keys []string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := 0
	if len(keys) == 0 {
		for _, n := range c.open {
			sum += n
		}
	}
	for _, key := range keys {
		sum += c.open[key]
	}
	return sum
}

// peak is the most that ever was under one of the keys; under any if none is
// named.
func (c *census) peak(keys []string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := 0
	if len(keys) == 0 {
		for _, n := range c.most {
			most = max(most, n)
		}
	}
	for _, key := range keys {
		most = max(most, c.most[key])
	}
	return most
}
