//go:build unix

package transport

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// canBind says that a socket can be bound before Go connects it.
const canBind = true

// bindAddressNoPort is IP_BIND_ADDRESS_NO_PORT of Linux: the port is chosen when the
// destination is known. One that is chosen before is taken for all destinations.
// Linux before 4.2 does not know it, and chooses the port at once.
const bindAddressNoPort = 24

// bindTo binds a socket to an address and no port.
func bindTo(fd int, local netip.Addr) error {
	if runtime.GOOS == "linux" {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, bindAddressNoPort, 1)
	}
	local = local.Unmap()
	if local.Is4() {
		return os.NewSyscallError("bind", unix.Bind(fd, &unix.SockaddrInet4{Addr: local.As4()}))
	}
	return os.NewSyscallError("bind", unix.Bind(fd, &unix.SockaddrInet6{Addr: local.As16(), ZoneId: zone(local.Zone())}))
}

// zone is the number of an interface, by its name or as it is.
func zone(name string) uint32 {
	if name == "" {
		return 0
	}
	if link, err := net.InterfaceByName(name); err == nil {
		return uint32(link.Index)
	}
	number, _ := strconv.ParseUint(name, 10, 32)
	return uint32(number)
}
