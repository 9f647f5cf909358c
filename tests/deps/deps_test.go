package deps

import (
	_ "github.com/asynkron/protoactor-go/actor"
	_ "github.com/gobwas/ws"
	_ "github.com/gobwas/ws/wsflate"
	_ "github.com/gobwas/ws/wsutil"
	_ "github.com/klauspost/compress/flate"
	_ "github.com/sirupsen/logrus"
	_ "github.com/sirupsen/logrus/hooks/slog"
	_ "go.uber.org/goleak"
	_ "golang.org/x/net/http/httpproxy"
	_ "golang.org/x/net/proxy"
	_ "golang.org/x/time/rate"
	_ "pgregory.net/rapid"
)
