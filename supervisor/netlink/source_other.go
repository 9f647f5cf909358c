//go:build !linux

package netlink

import "errors"

func open() (source, error) { return nil, errors.ErrUnsupported }
