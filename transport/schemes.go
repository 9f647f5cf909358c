package transport

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Schemes is a Dialer that leaves each target to the dialer of its URL's scheme,
// for addresses that name a WebSocket one time and a stream the next:
//
//	web, stream := new(transport.WebSocket), new(transport.TCP)
//	transport.Schemes{"ws": web, "wss": web, "tcp": stream, "tls": stream}
//
// It must not be changed once it is in use.
type Schemes map[string]Dialer

var _ Dialer = Schemes(nil)

// Dial calls the dialer of the target's scheme. One that is not known is
// ReasonBadRequest, with the schemes that are.
func (s Schemes) Dial(ctx context.Context, target Target) (Conn, error) {
	u, err := parse(target.URL)
	if err != nil {
		return nil, undiallable(err)
	}
	dialer, ok := s[u.Scheme]
	if !ok {
		return nil, undiallable(invalidURL(target.URL, "no dialer is known for its scheme, only for "+strings.Join(s.Dials(), ", ")))
	}
	return dialer.Dial(ctx, target)
}

// Dials returns the schemes that there are dialers for, in order.
func (s Schemes) Dials() []string { return slices.Sorted(maps.Keys(s)) }

// Sources is the least that its dialers tell of theirs: 1 if one of them does not.
func (s Schemes) Sources() int {
	least := 0
	for _, dialer := range s {
		n := 1
		if known, ok := dialer.(interface{ Sources() int }); ok {
			n = known.Sources()
		}
		if least == 0 || n < least {
			least = n
		}
	}
	return max(least, 1)
}

// Check reports everything that is wrong at once, each as an *[messages.Error]
// with ReasonInvalidSpec: no schemes, names that are not schemes in lower case,
// dialers that are nil or dial other schemes, and what the dialers report.
func (s Schemes) Check() error {
	if len(s) == 0 {
		return invalid("schemes", "there are none; name at least one and its dialer")
	}
	var errs []error
	heard := make(map[string]bool) // a dialer may have several schemes
	for _, scheme := range s.Dials() {
		dialer := s[scheme]
		if dialer == nil {
			errs = append(errs, invalid("schemes", "the dialer for %q is nil; use new(transport.WebSocket) or new(transport.TCP)", scheme))
			continue
		}
		if u, err := url.Parse(scheme + "://host"); err != nil || u.Scheme != scheme {
			errs = append(errs, invalid("schemes", "%q is not a scheme in lower case (RFC 3986, 3.1)", scheme))
		} else if known, ok := dialer.(interface{ Dials() []string }); ok && !slices.Contains(known.Dials(), scheme) {
			errs = append(errs, invalid("schemes", "the dialer for %q is a %T, which dials %s", scheme, dialer, strings.Join(known.Dials(), ", ")))
		}
		if checked, ok := dialer.(interface{ Check() error }); ok {
			if err := checked.Check(); err != nil && !heard[err.Error()] {
				heard[err.Error()] = true
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
