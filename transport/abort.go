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
	if earlier := c.done; earlier == nil {
		c.done = done
	} else if done != nil {
		c.done = func() { earlier(); done() }
	}
	if c.aborted {
		return
	}
	c.aborted = true
	c.pong = nil
	go c.bury(c.leaving)
}

// bury ends the connection and calls every done, in the order of coming. Nothing is reported after Abort
// has set aborted, except for what was being reported.
func (c *conn) bury(leaving bool) {
	c.driver.bury(leaving)
	c.reporting.Wait()
	c.mu.Lock()
	c.gone = true
	done := c.done
	c.done = nil
	c.pending, c.sending = nil, nil
	c.mu.Unlock()
	if done != nil {
		done()
	}
}
