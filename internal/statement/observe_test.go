package statement

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
)

func TestObserve(t *testing.T) {
	broken := sample("AC-LOCK", "3-4b")
	hang := func(ctx context.Context) (control.Evidence, error) {
		<-ctx.Done()
		time.Sleep(time.Hour) // a probe that ignores the end of its time
		return control.Evidence{OK: true}, nil
	}
	panics := func(context.Context) (control.Evidence, error) { panic("secret of the house") }
	for name, x := range map[string]struct {
		probe, mutant control.Probe
		result        Result
		reason        string
		m             MutantResult
	}{
		"held":           {holds("よい。"), breaks("x"), Held, "", Caught},
		"broken":         {breaks("a", "b"), breaks("x"), Broken, "", Caught},
		"mutant passes":  {holds("よい。"), holds("よい。"), Held, "", Missed},
		"mutant fails":   {holds("よい。"), fails(errors.New("no sandbox")), Held, "", Errors},
		"no mutant":      {holds("よい。"), nil, Held, "", None},
		"error":          {fails(errors.New("dial tcp 10.0.0.1")), breaks("x"), Failed, "検査を実行できませんでした。", Caught},
		"no account":     {fails(fmt.Errorf("probe of x: %w: tenant %q", probe.ErrNoAccount, "secret")), breaks("x"), Failed, "検査用のアカウントがないため、検査できませんでした。", Caught},
		"no sign-in":     {fails(fmt.Errorf("%w: password step of secret", probe.ErrRefused)), breaks("x"), Failed, "検査用のアカウントでサインインできなかったため、検査できませんでした。", Caught},
		"no mail":        {fails(fmt.Errorf("probe: %w", probe.ErrNoCode)), breaks("x"), Failed, "検査用の認証コードのメールが届かないため、検査できませんでした。", Caught},
		"refused":        {fails(&net.OpError{Op: "dial", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1)}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}), breaks("x"), Failed, "検査の相手に接続を断られたため、検査できませんでした。", Caught},
		"slow answer":    {fails(fmt.Errorf("probe: %w", os.ErrDeadlineExceeded)), breaks("x"), Failed, "検査が時間内に終わりませんでした。", Caught},
		"stopped":        {fails(fmt.Errorf("probe: %w", context.Canceled)), breaks("x"), Failed, "検査の途中でサービスが止まりました。次の検査で確かめます。", Caught},
		"error, why":     {fails(cannot("理由です。")), breaks("x"), Failed, "理由です。", Caught},
		"panic":          {panics, panics, Failed, "検査を実行できませんでした。", Errors},
		"hangs":          {hang, breaks("x"), Failed, "検査が時間内に終わりませんでした。", Caught},
		"the mutant too": {holds("よい。"), hang, Held, "", Errors},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := broken
				c.Probe, c.Mutant = x.probe, x.mutant
				start := time.Now()
				o, err := observe(t.Context(), c, "b1", ProbeTimeout)
				if o.Result != x.result || o.Reason != x.reason || o.Mutant != x.m || o.Build != "b1" || o.Control != "AC-LOCK" {
					t.Errorf("%+v", o)
				}
				if (err != nil) != (x.result == Failed || x.m == Errors) {
					t.Errorf("error for the log: %v", err)
				}
				if strings.Contains(o.Reason+o.Measured, "secret") || strings.Contains(o.Reason, "10.0.0.1") {
					t.Errorf("internals are shown: %+v", o)
				}
				if time.Since(start) > 2*ProbeTimeout || o.ObservedAt.IsZero() || (x.m != None) != !o.MutantAt.IsZero() {
					t.Errorf("times: %s, %+v", time.Since(start), o)
				}
				time.Sleep(3 * time.Hour) // let the one that hangs end
			})
		})
	}
}

func TestScheduleRunsEverythingAtStartTwoAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all []control.Control
		for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
			all = append(all, sample(id))
		}
		ctx, cancel := context.WithCancel(t.Context())
		var now, most, ran atomic.Int32
		ready := make(chan time.Duration, 1)
		start := time.Now()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			schedule(ctx, all, func(context.Context, control.Control) outcome {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(2 * time.Second)
				now.Add(-1)
				ran.Add(1)
				return fine
			}, func() { ready <- time.Since(start) })
		}()
		if took := <-ready; took > 12*time.Second || ran.Load() < 10 {
			t.Errorf("the first round of %d took %s", ran.Load(), took)
		}
		if most.Load() != slots {
			t.Errorf("%d at a time", most.Load())
		}
		time.Sleep(16 * time.Minute) // Every is 15 minutes
		if n := ran.Load(); n < 20 || n > 22 {
			t.Errorf("after one period: %d runs", n)
		}
		cancel()
		<-ended
		if now.Load() != 0 {
			t.Error("a probe still runs after the schedule has returned")
		}
	})
}

func TestScheduleComesBackSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var mu sync.Mutex
		at := map[string][]time.Time{}
		go schedule(ctx, []control.Control{sample("broken"), sample("unsure")}, func(_ context.Context, c control.Control) outcome {
			mu.Lock()
			defer mu.Unlock()
			at[c.ID] = append(at[c.ID], time.Now())
			if c.ID == "broken" {
				return broken
			}
			return unsure
		}, func() {})
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if n := len(at["broken"]); n < 9 || n > 11 {
			t.Errorf("a broken promise is looked at every minute: %d times in ten", n)
		}
		u := at["unsure"]
		if u[1].Sub(u[0]) != retryFirst || u[2].Sub(u[1]) != 2*retryFirst || len(u) > 9 {
			t.Errorf("an unsure run comes back ever more slowly: %v", u)
		}
		if p := pause(time.Hour, unsure, retryTimes+1); p < 54*time.Minute {
			t.Errorf("what never works keeps coming back after %s", p)
		}
	})
}

func TestScheduleOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		called := false
		time.AfterFunc(time.Hour, cancel)
		schedule(ctx, nil, nil, func() { called = true })
		if !called {
			t.Error("nothing to do is also done")
		}
	})
}
