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
	c.wanted.Broadcast()
	go c.bury(c.leaving)
}

// bury closes the socket, waits for both goroutines and calls every done. The
// socket under TLS is closed without a close-notify, which could block.
//
// No flusher starts after Abort has set aborted, and none but the running one
// is waited for: Write, Close and pings look at aborted under the same lock.
func (c *conn) bury(leaving bool) {
	if leaving {
		timer := time.AfterFunc(goodbye, c.closeRaw)
		c.flushers.Wait()
		timer.Stop()
	}
	c.closeRaw()
	c.flushers.Wait()
	c.watcher.Wait()

	c.mu.Lock()
	c.gone = true
	dones := c.dones
	c.dones = nil
	c.pending, c.sending, c.here = nil, nil, nil
	c.mu.Unlock()
	for _, done := range dones {
		done()
	}
}

// closeRaw closes the socket. Whoever comes second waits for the first.
func (c *conn) closeRaw() {
	c.shut.Do(func() { _ = c.raw.Close() })
}
