package transport

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/seed14814784/holdfast/messages"
)

func TestReasonOfTheRest(t *testing.T) {
	for _, c := range []struct {
		err      error
		fallback messages.Code
		want     messages.Code
	}{
		{nil, messages.ReasonReadError, messages.ReasonOK},
		{io.EOF, messages.ReasonReadError, messages.ReasonReadEOF},
		{io.ErrUnexpectedEOF, messages.ReasonReadError, messages.ReasonReadEOF},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, messages.ReasonReadError, messages.ReasonReadError},
		{&net.OpError{Op: "read", Err: syscall.ETIMEDOUT}, messages.ReasonReadError, messages.ReasonReadError},
		{context.DeadlineExceeded, messages.ReasonCredCallbackError, messages.ReasonDialTimeout},
		{context.DeadlineExceeded, messages.ReasonCredCallbackTimeout, messages.ReasonCredCallbackTimeout},
		{context.Canceled, messages.ReasonCredCallbackError, messages.ReasonCredCallbackError},
		{fmt.Errorf("x: %w", messages.ReasonMoved), messages.ReasonReadError, messages.ReasonMoved},
		{&url.Error{Op: "x", URL: "y", Err: io.EOF}, messages.ReasonReadError, messages.ReasonReadEOF},
	} {
		if got := ReasonOf(c.err, c.fallback).Code; got != c.want {
			t.Errorf("%v with %v: got %v, want %v", c.err, c.fallback.String(), got.String(), c.want.String())
		}
	}
}
