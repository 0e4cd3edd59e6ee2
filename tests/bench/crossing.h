// Items from one thread or process to another: the runtime's links against a hand-written ring.
#pragma once

namespace streambench {

// Batches of 1,024 doubles between two threads, then between two processes; sums are compared.
void crossing_rows();

// A token to and fro between two threads, spinning and parked, against a bare futex.
void round_trip_rows();

}  // namespace streambench
