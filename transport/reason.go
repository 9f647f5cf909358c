package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/seed14814784/holdfast/messages"
)

// systemReasons are the errors of the system that have a reason of their own.
var systemReasons = map[syscall.Errno]messages.Code{
	syscall.ECONNREFUSED:  messages.ReasonRefused,
	syscall.EHOSTUNREACH:  messages.ReasonUnreachable,
	syscall.ENETUNREACH:   messages.ReasonUnreachable,
	syscall.ENETDOWN:      messages.ReasonUnreachable,
	syscall.EADDRNOTAVAIL: messages.ReasonLocalPortsExhausted,
	syscall.EADDRINUSE:    messages.ReasonLocalPortsExhausted,
	syscall.EMFILE:        messages.ReasonFDLimit,
	syscall.ENFILE:        messages.ReasonFDLimit,
}

func reasonOf(err error, fallback messages.Code) messages.Reason {
	if err == nil {
		return messages.Reason{}
	}
	if reason, ok := messages.ReasonOf(err); ok {
		return reason
	}
	if code, ok := errors.AsType[messages.Code](err); ok {
		return messages.Reason{Code: code, Detail: err.Error()}
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if code, short := starved(dns); short {
			return messages.Reason{Code: code, Wire: messages.Wire{Scheme: "dns", Text: dns.Err}, Detail: "looking up the name " + dns.Name + " takes a descriptor"}
		}
		return messages.Reason{
			Code: messages.ReasonDNS, Wire: messages.Wire{Scheme: "dns", Text: dns.Err},
			Detail: "the name " + dns.Name + " was looked up",
		}
	}
	if reason, ok := tlsReason(err); ok {
		return reason
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok && (!errno.Timeout() || isDeadline(fallback)) {
		reason := messages.Reason{Code: fallback, Wire: messages.Wire{Scheme: "os", Code: int(errno), Text: errno.Error()}}
		if code, ok := systemReasons[errno]; ok {
			reason.Code = code
		}
		return reason
	}
	switch {
	case errors.Is(err, errCut):
		return messages.Because(messages.ReasonReadEOF, "TLS ended without a close-notify; something may be missing")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return messages.Reason{Code: messages.ReasonReadEOF}
	case errors.Is(err, context.Canceled):
		return messages.Because(fallback, "it was cancelled")
	case timedOut(err) && isDeadline(fallback):
		return messages.Reason{Code: fallback}
	case timedOut(err):
		return messages.Reason{Code: messages.ReasonDialTimeout}
	}
	return messages.Because(fallback, "%v", err)
}

// starved recognises a lookup for which there was no descriptor. Of the system's error
// package net keeps the words only.
func starved(dns *net.DNSError) (messages.Code, bool) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE} {
		if strings.Contains(dns.Err, errno.Error()) {
			return systemReasons[errno], true
		}
	}
	return 0, false
}

// failure is the error of an operation on a socket. Where the reason has the
// error's own words already, the error is not repeated.
func failure(op string, err error, fallback messages.Code) *messages.Error {
	reason := reasonOf(err, fallback)
	if reason.Detail == err.Error() {
		err = nil
	}
	return &messages.Error{Op: op, Reason: reason, Err: err}
}

// timedOut reports whether time ran out: of a context, of a socket, or in the
// system.
func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// isDeadline reports whether a code already says that time ran out, or that
// the connection was up: then a timeout is not one of dialling.
func isDeadline(code messages.Code) bool {
	switch code {
	case messages.ReasonWriteTimeout, messages.ReasonCredCallbackTimeout, messages.ReasonReadError, messages.ReasonWriteError:
		return true
	default:
		return code/100 == 3
	}
}

// tlsReason recognises what TLS and certificates can fail with.
func tlsReason(err error) (messages.Reason, bool) {
	wire := messages.Wire{Scheme: "tls"}
	if alert, ok := errors.AsType[tls.AlertError](err); ok {
		wire.Code, wire.Text = int(alert), alert.Error()
		return messages.Reason{Code: messages.ReasonTLS, Wire: wire}, true
	}
	// Alerts of a TCP connection have no type of their own: crypto/tls names the
	// operation instead.
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "remote error" || op.Op == "local error") {
		wire.Text = op.Error()
		return messages.Reason{Code: messages.ReasonTLS, Wire: wire}, true
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		wire.Text = record.Msg
		detail := "what arrived is not TLS; somebody on the way may have written it"
		if record.Conn != nil { // it was the first
			detail = "the server does not answer with TLS; use ws:// or tcp:// if it is meant to be plain"
		}
		return messages.Reason{Code: messages.ReasonTLS, Wire: wire, Detail: detail}, true
	}
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		hostname     x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &hostname):
		wire.Text = hostname.Error()
	case errors.As(err, &authority):
		wire.Text = authority.Error()
	case errors.As(err, &invalid):
		wire.Text = invalid.Error()
	case errors.As(err, &verification):
		wire.Text = verification.Error()
	case strings.HasPrefix(err.Error(), "tls: "): // crypto/tls has no type for the others
		wire.Text = err.Error()
		return messages.Reason{Code: messages.ReasonTLS, Wire: wire}, true
	default:
		return messages.Reason{}, false
	}
	return messages.Reason{Code: messages.ReasonTLS, Wire: wire, Detail: "the server's certificate is not trusted"}, true
}
