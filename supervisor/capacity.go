package supervisor

import "math"

// Capacity is what this process may hold. Limits, the option, is about something else:
// how fast it dials.
type Capacity struct {
	Descriptors Descriptors

	// Ports is how many local ports the system chooses from, for each local address
	// and destination; 0 if it does not say. Ports that are reserved there, and those
	// that other processes or closed connections still have, are among them.
	Ports int

	// Sources is how many local addresses the fleet's dialer dials from, whatever the
	// destination's family: 1, unless it is a WebSocket or a TCP with LocalAddrs, or
	// Schemes of such.
	Sources int

	// PerDestination is how many connections there can be to one address and port:
	// Ports times Sources, or 0 if that is not known.
	PerDestination int
}

// Descriptors are those of this process. A channel that is up holds one, and while it
// dials one or two.
type Descriptors struct {
	Known bool // whether the system tells; if not, all others are 0
	Soft  int  // the limit in force; math.MaxInt is none. Go raises it to Hard when the program begins
	Hard  int  // what Soft may be raised to without privileges
	InUse int  // now, also for all else than channels
	Free  int  // and so many channels more fit
}

// Limits tells what this process may hold now, on Linux; elsewhere little is known. It
// asks the system, which takes microseconds, or on Linux before 6.2 milliseconds when
// tens of thousands of descriptors are in use. Two calls may differ, and a limit that
// is told may be reached by others before a channel gets there: it then waits, see
// [messages.GateChanged].
func (f *Fleet) Limits() Capacity {
	h := f.house
	c := Capacity{Descriptors: descriptors(), Ports: localPorts(), Sources: 1}
	if c.Ports > 0 {
		h.ports.Store(int32(c.Ports))
	} else { // without a descriptor the system cannot be asked, but it was before
		c.Ports = int(h.ports.Load())
	}
	if d, ok := h.dialer.(interface{ Sources() int }); ok {
		c.Sources = d.Sources()
	}
	c.PerDestination = c.Ports * c.Sources
	return c
}

// bounded is a limit of the system as an int.
func bounded(limit uint64) int { return int(min(limit, math.MaxInt)) }
