// What a process that reads bytes from outside may still ask of the kernel. Nothing outside this
// folder needs it.
#pragma once

namespace sana {

// From here on this thread can use its memory and descriptors, open files for reading, and end;
// everything else that it asks of the kernel fails with EPERM. Without effect where the kernel has
// no seccomp, or the machine is none of those that the list is written for: it is one wall more
// behind those that the caller has.
void forbid_all_but_reading();

}  // namespace sana
