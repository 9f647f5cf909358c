package stage

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"time"
)

// roleVariable tells a process what it is: "server" or "client"; else it is the
// one that starts those.
const roleVariable = "HOLDFAST_BENCH_ROLE"

// process is this program in another role, with the same flags. It is spoken to in
// JSON.
type process struct {
	cmd   *exec.Cmd
	input io.Closer
	to    *json.Encoder
	from  *json.Decoder
}

// start starts one and gives it its brief.
func start(ctx context.Context, role string, brief any) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr, cmd.WaitDelay = os.Stderr, 5*time.Second
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd, input, json.NewEncoder(input), json.NewDecoder(output)}
	return p, p.tell(brief)
}

func (p *process) tell(what any) error { return p.to.Encode(what) }
func (p *process) hear(what any) error { return p.from.Decode(what) }

// end lets it end, and waits for that.
func (p *process) end() {
	_ = p.input.Close()
	_ = p.cmd.Wait()
}

// kill ends it as the system would, and waits for that.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
