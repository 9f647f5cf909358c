package transport

import "time"

// goodbye is how long a farewell that is queued may take to leave after Abort.
const goodbye = 250 * time.Millisecond

// Abort ends the connection; see [Conn].
func (c *conn) Abort(done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		if done != nil {
			go done()
		}
		return
	}
	if done != nil {
		c.dones = append(c.dones, done)
	}
	if c.aborted {
		return
	}
	c.aborted = true
	c.pong = nil
	go c.bury(c.leaving)
}

// bury ends the connection and calls every done. Nothing is reported after Abort
// has set aborted, except for what was being reported.
func (c *conn) bury(leaving bool) {
	c.driver.bury(leaving)
	c.reporting.Wait()
	c.mu.Lock()
	c.gone = true
	dones := c.dones
	c.dones = nil
	c.pending, c.sending = nil, nil
	c.mu.Unlock()
	for _, done := range dones {
		done()
	}
}
