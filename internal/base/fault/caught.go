package fault

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// Caught turns a panic into an error; defer it first thing in a goroutine of one's own that works on what
// customers sent. A panic there is out of the reach of whoever started it, and would end the whole process and
// every other customer's work with it. The value of the panic may hold a name, so only its type and the place are told.
func Caught(err *error) {
	if p := recover(); p != nil {
		slog.Error("a goroutine panicked", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
		*err = New(Internal, "fault.panic").Because(fmt.Errorf("panic: %T", p))
	}
}
