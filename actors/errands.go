package actors

import "context"

// errands are what a connection is asked to do beside carrying messages. Most never
// are.
type errands struct {
	asking    context.Context    // of the session's questions; nil: there was none
	hush      context.CancelFunc // ends them
	questions []enquiry          // about rooms, that the socket would not take yet
	renewals  []renewal          // nor these
}

// errand is for one more.
func (c *connection) errand() *errands {
	if c.errands == nil {
		c.errands = &errands{}
	}
	return c.errands
}
