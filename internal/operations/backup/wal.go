package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/vault"
)

// WAL lies in "wal/<identifier of the cluster>/", each file sealed under its own name.
const walTop = "wal/"

func walFolder(system string) string { return walTop + system + "/" }

// walState says how far the shipped WAL reaches. It is written after the files that it speaks of.
type walState struct {
	System   string    `json:"system"`
	Timeline uint32    `json:"timeline"`
	Segment  int64     `json:"segment"`         // bytes
	Last     string    `json:"last"`            // newest file, perhaps partial
	Until    time.Time `json:"until"`           // every commit before is in the files, by the server's clock
	Shipped  time.Time `json:"shipped"`         // by our clock
	Marks    []mark    `json:"marks,omitempty"` // how far single files reach, oldest first
}

func stateName(system string, timeline uint32) string {
	return fmt.Sprintf("%sstate-%08X", walFolder(system), timeline)
}

// putSealed streams one file of its own through compression and sealing into the store.
func (s *shelf) putSealed(ctx context.Context, name string, fill func(io.Writer) error) error {
	k, err := s.key(ctx)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := compress(k, w, place(walTop, name), fill)
		_ = w.CloseWithError(err)
		done <- err
	}()
	_, err = s.store.Put(ctx, name, r)
	_ = r.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // frees the sealing when the store gave up first
	if e := <-done; e != nil && !errors.Is(e, io.ErrClosedPipe) {
		err = errors.Join(err, e)
	}
	return err
}

// readSealed opens such a file and reads it to its authentic end. One that was changed, cut or exchanged is
// fault.Conflict "backup.damaged" with its name.
func (s *shelf) readSealed(ctx context.Context, name string, w io.Writer) error {
	k, err := s.key(ctx)
	if err != nil {
		return err
	}
	f, err := s.store.Open(ctx, name)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	return openSealed(ctx, k, f, name, w)
}

func openSealed(ctx context.Context, k *vault.Key, f io.Reader, name string, w io.Writer) error {
	sealed, err := k.OpenReader(f, place(walTop, name))
	if err != nil {
		return damagedWAL(name, err)
	}
	z, err := zstd.NewReader(sealed, zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return damagedWAL(name, err)
	}
	defer z.Close()
	t := &taker{w: w}
	if _, err = io.Copy(t, z); err == nil {
		_, err = io.Copy(io.Discard, sealed)
	}
	switch {
	case t.err != nil || ctx.Err() != nil:
		return errors.Join(t.err, ctx.Err())
	case err != nil:
		return damagedWAL(name, err)
	}
	return nil
}

// taker remembers that the receiving side failed, not the file.
type taker struct {
	w   io.Writer
	err error
}

func (t *taker) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.err = err
	return n, err
}

func damagedWAL(name string, err error) error {
	at := strings.LastIndex(name, "/")
	return damaged(strings.TrimSuffix(name[:max(at, 0)], "/"), name[at+1:], err)
}

// isWAL tells the names under which WAL is shipped from whatever else may lie beside it.
func isWAL(name string) bool {
	rest, ok := strings.CutPrefix(name, walTop)
	system, file, in := strings.Cut(rest, "/")
	if !ok || !in || system == "" || strings.Trim(system, "0123456789") != "" {
		return false
	}
	file = strings.TrimSuffix(file, partial)
	_, segment := parseSegment(file, 1<<20)
	_, dated := stateTime(file)
	timeline, state := strings.CutPrefix(file, "state-")
	return segment || history(file) || dated || state && len(timeline) == 8 && strings.Trim(timeline, "0123456789ABCDEF") == ""
}

// putState and state keep how far a timeline's WAL reaches; nil: nothing was shipped.
func (s *shelf) putState(ctx context.Context, st walState) error {
	b, err := json.Marshal(st)
	if err != nil {
		return err
	}
	return s.putSealed(ctx, stateName(st.System, st.Timeline), func(w io.Writer) error { _, err := w.Write(b); return err })
}

func (s *shelf) state(ctx context.Context, system string, timeline uint32) (*walState, error) {
	r, err := s.store.Open(ctx, stateName(system, timeline))
	if missing(err) { // in the second place each has a name of its own
		all, e := s.store.List(ctx, stateName(system, timeline)+"-")
		if e != nil || len(all) == 0 {
			return nil, e
		}
		r, err = s.store.Open(ctx, slices.Max(all))
	}
	if err != nil {
		return nil, err
	}
	defer r.Close() //nolint:errcheck // read only
	return s.openState(ctx, r, system, timeline)
}

func (s *shelf) openState(ctx context.Context, r io.Reader, system string, timeline uint32) (*walState, error) {
	k, err := s.key(ctx)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if err := openSealed(ctx, k, r, stateName(system, timeline), &b); err != nil {
		return nil, err
	}
	st := &walState{}
	if err := json.Unmarshal([]byte(b.String()), st); err != nil || st.System != system || st.Timeline != timeline {
		return nil, damagedWAL(stateName(system, timeline), err)
	}
	return st, nil
}

// stateStamp ends the name of a state in the second place.
const stateStamp = "20060102T150405.000000Z"

// stateTime is when such a state was of.
func stateTime(file string) (time.Time, bool) {
	parts := strings.SplitN(file, "-", 3)
	if len(parts) < 3 || parts[0] != "state" {
		return time.Time{}, false
	}
	at, err := time.Parse(stateStamp, parts[2])
	return at, err == nil
}

// walFiles lists the shipped files of a cluster, without their folder.
func (s *shelf) walFiles(ctx context.Context, system string) ([]string, error) {
	names, err := s.store.List(ctx, walFolder(system))
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], walFolder(system))
	}
	return names, err
}

// windows says for every copy of the cluster what it can be brought forward to, oldest first. The files in without,
// by their names in the place, count as missing.
func (s *shelf) windows(ctx context.Context, bases []*held, without ...string) ([]Window, error) {
	var out []Window
	for _, b := range bases {
		st, err := s.state(ctx, b.Base.System, b.Base.Timeline)
		var f *fault.Fault
		if errors.As(err, &f) && f.Code == "backup.damaged" {
			out = append(out, Window{Base: b.ID, From: b.Base.Ended, Gap: f.Args["piece"]})
			continue
		}
		if err != nil {
			return nil, err
		}
		names, err := s.walFiles(ctx, b.Base.System)
		if err != nil {
			return nil, err
		}
		names = slices.DeleteFunc(names, func(n string) bool { return slices.Contains(without, walFolder(b.Base.System)+n) })
		out = append(out, window(b, st, names))
	}
	return out, nil
}
