package netlink

import (
	"errors"
	"net"
	"net/netip"

	library "github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// kernel is the source of a real machine: a socket that hears of changes, and
// dumps that read the tables through sockets of their own.
type kernel struct{ changes *nl.NetlinkSocket }

// open subscribes before anything is read: no change is lost between the two.
func open() (source, error) {
	socket, err := nl.Subscribe(unix.NETLINK_ROUTE,
		unix.RTNLGRP_LINK,
		unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV4_ROUTE,
		unix.RTNLGRP_IPV6_IFADDR, unix.RTNLGRP_IPV6_ROUTE)
	if err != nil {
		return nil, err
	}
	return kernel{socket}, nil
}

func (k kernel) close() { k.changes.Close() }

// wait does not look at what has changed. ENOBUFS says that there was more than
// the socket could hold; that is a change like any other.
func (k kernel) wait() error {
	_, _, err := k.changes.Receive()
	if errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.EINTR) {
		return nil
	}
	return err
}

func (k kernel) read(wanted func(netip.Prefix) bool) (tables, error) {
	t := tables{links: map[int]link{}}
	// RT_TABLE_UNSPEC as a filter means all tables; without one it is the main one.
	err := library.RouteListFilteredIter(library.FAMILY_ALL, &library.Route{Table: unix.RT_TABLE_UNSPEC}, library.RT_FILTER_TABLE, func(r library.Route) bool {
		if prefix, ok := prefixOf(r); ok && wanted(prefix) && r.Type != unix.RTN_THROW {
			t.routes = append(t.routes, translate(r, prefix))
		}
		return true
	})
	torn := errors.Is(err, library.ErrDumpInterrupted)
	if err != nil && !torn {
		return tables{}, err
	}
	links, err := net.Interfaces()
	if err == nil && torn {
		err = errTorn
	}
	for _, l := range links {
		t.links[l.Index] = link{
			running:  l.Flags&net.FlagUp != 0 && l.Flags&net.FlagRunning != 0,
			loopback: l.Flags&net.FlagLoopback != 0,
		}
	}
	return t, err
}

// prefixOf is where a route leads to. Routes of other families than IP, such as
// those of labels and of multicast forwarding, lead nowhere.
func prefixOf(r library.Route) (netip.Prefix, bool) {
	var everywhere netip.Addr
	switch r.Family {
	case unix.AF_INET:
		everywhere = netip.IPv4Unspecified()
	case unix.AF_INET6:
		everywhere = netip.IPv6Unspecified()
	default:
		return netip.Prefix{}, false
	}
	if r.Dst == nil {
		return netip.PrefixFrom(everywhere, 0), true
	}
	address, ok := netip.AddrFromSlice(r.Dst.IP)
	bits, _ := r.Dst.Mask.Size()
	return netip.PrefixFrom(address, bits), ok
}

// dead marks a hop that the kernel would not use.
const dead = unix.RTNH_F_DEAD | unix.RTNH_F_LINKDOWN

func translate(r library.Route, prefix netip.Prefix) route {
	ours := route{table: r.Table, prefix: prefix}
	switch {
	case r.Type == unix.RTN_UNICAST:
		ours.kind = forwards
	case r.Type == unix.RTN_LOCAL && r.Table == unix.RT_TABLE_LOCAL:
		ours.kind = delivers
	case r.Type == unix.RTN_LOCAL: // what transparent proxies have
		ours.kind = intercept
	}
	if r.LinkIndex != 0 && r.Flags&dead == 0 {
		ours.hops = append(ours.hops, r.LinkIndex)
	}
	for _, hop := range r.MultiPath {
		if hop.LinkIndex != 0 && hop.Flags&dead == 0 {
			ours.hops = append(ours.hops, hop.LinkIndex)
		}
	}
	ours.blind = r.LinkIndex == 0 && len(r.MultiPath) == 0
	return ours
}
