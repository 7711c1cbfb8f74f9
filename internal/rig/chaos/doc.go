// Package chaos breaks a stand of its own on purpose while many clients use it. Then it compares
// what the databases hold with what those clients were answered.
//
// It exists because the other tests break one thing each, at a moment they choose. Here programs
// and servers are killed, connections are cut, disks fill up and clocks differ, all at once and at
// random moments. The judge is a model outside of the system: what each client asked, and what it
// was answered.
//
// A run is a plan (plan.go), a timetable of faults (timetable.go), clients that carry out the plan
// (clients.go, drive.go), the stand and the parts of it that can be broken (stand.go and the files
// of its parts), and a verdict (audit.go, verdict.go). The same seed gives the same plan and
// timetable; how the processes interleave depends on the machine.
//
// Everything listens on 127.0.0.1, and a run ends by itself.
package chaos
