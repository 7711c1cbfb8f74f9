// Package chaos breaks a stand of its own on purpose, while many clients use it, and
// then holds everything that is left against what those clients were told.
//
// It exists because the other tests break one thing each, at a moment they choose. Here
// programs and servers are killed, connections are cut, disks fill up and clocks differ,
// all at once and at moments nobody chose, and the only judge is a model kept outside of
// the system: what each client asked, and what it was answered.
//
// A run is a plan (plan.go), a timetable of faults (timetable.go), clients that carry
// the plan out (clients.go, drive.go), the stand and what can be broken about it
// (stand.go and beside it), and a verdict (audit.go, verdict.go). The seed repeats the
// plan and the timetable; how the processes interleave is the machine's.
//
// Everything listens on 127.0.0.1, and a run ends by itself.
package chaos
