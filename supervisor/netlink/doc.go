// Package netlink tells a fleet whether this machine has a network, from what the
// Linux kernel says about its routes and links:
//
//	fleet, err := supervisor.New(supervisor.WithNetwork(netlink.Watcher{}))
//
// The network is up while there is a default route, of IPv4 or IPv6, through a
// link that is up and has a carrier. With Destinations it is up while one of those
// is routable so. Whether anybody answers at the other end is another question,
// which the channels' connections answer.
//
// # Decisions
//
// In doubt the network is up. A wrong down keeps channels from connecting for up
// to Timeouts.ProbeAfter; a wrong up costs attempts that fail at once. So the
// default routes of all tables count, not only those of the main table, whichever
// rules lead to them, and so does a route whose link the kernel does not name.
//
// What the kernel says about a change is not looked at: any word of it leads to
// reading the tables again, a moment later. IPv4 routes vanish with their link or
// address and no word about them, and a reader who was too slow has lost some; a
// picture that is put together from changes is wrong then, one that is read anew
// is not. For the same reason the moment is bounded: a table that never rests is
// read every Settle. One that changed while it was read shows that there is a way
// out, and never that there is none.
//
// The messages are read and decoded by github.com/vishvananda/netlink, which has
// known all of their forms for ten years; ours would be the poorer one. Its weight
// is on those who import this package: others download the module's go.mod and
// nothing else. Of it only the socket and the route dump are used. Its
// subscriptions are not, since nobody can wait for their goroutines to end.
package netlink
