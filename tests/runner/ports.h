// Ports for tests that listen.
#pragma once

namespace streamtest {

// A TCP port of this machine that nobody has now.
[[nodiscard]] int free_port();

}  // namespace streamtest
