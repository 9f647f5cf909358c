// The path of this module lies under transport/wukongim, although it stands among
// the tests: so it may import what is internal there.
module github.com/seed14814784/holdfast/transport/wukongim/tests

go 1.26.0

replace github.com/seed14814784/holdfast => ../..

require (
	github.com/WuKongIM/WuKongIMGoProto v1.2.3
	github.com/seed14814784/holdfast v0.0.0
	go.uber.org/goleak v1.3.0
	pgregory.net/rapid v1.3.0
)

require (
	github.com/pkg/errors v0.9.1 // indirect
	github.com/valyala/bytebufferpool v1.0.0 // indirect
)
