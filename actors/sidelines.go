package actors

import "context"

// sidelines are what a connection is asked to do beside carrying messages. Most never
// are.
type sidelines struct {
	asking    context.Context    // of the session's questions; nil: there was none
	hush      context.CancelFunc // ends them
	questions []enquiry          // about rooms, that the socket would not take yet
	renewals  []renewal          // nor these
}

// errand is for one more.
func (c *connection) sideline() *sidelines {
	if c.sidelines == nil {
		c.sidelines = &sidelines{}
	}
	return c.sidelines
}
