//go:build !unix

package transport

import (
	"net/netip"
	"syscall"
)

// canBind says that Go binds every socket by itself here.
const canBind = false

func bindTo(int, netip.Addr) error { return syscall.EINVAL }
