// Items from one node to another: the runtime's link over TCP against plain write and read.
#pragma once

namespace streambench {

// Batches of 1,024 doubles from one process to another over loopback; sums are compared.
void node_link_rows();

}  // namespace streambench
