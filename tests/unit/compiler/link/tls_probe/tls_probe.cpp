// An executable for the link tests: two nodes, `a` and `b`, in one process, with their files in the
// folder that is given; one sends the other a word through TLS. Prints that, or why it cannot be.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "runtime/transport/link_hub.h"
#include "runtime/transport/secure_transport_maker.h"

namespace {

using namespace streamrt;

ChannelOptions channel(bool is_sender) {
  ChannelOptions options;
  options.name = "word";
  options.is_sender = is_sender;
  return options;
}

Result<std::unique_ptr<LinkHub>> open_hub(const std::string& folder, const std::string& node) {
  auto secure = make_secure_transport(folder, node);
  if (!secure) return secure.failure();
  LinkHubOptions options;
  options.identity.node = node;
  options.secure = std::move(*secure);
  if (node == "a") options.listen_address = "127.0.0.1:0";
  return LinkHub::open(std::move(options));
}

Link& add_link(LinkHub& hub, const std::string& peer, const std::string& address) {
  LinkOptions options;
  options.peer = peer;
  options.address = address;
  options.channels.push_back(channel(!address.empty()));
  Link& link = hub.add_link(std::move(options));
  hub.start();
  return link;
}

Result<std::string> pass_word(const std::string& folder) {
  auto a = open_hub(folder, "a");
  if (!a) return a.failure();
  auto b = open_hub(folder, "b");
  if (!b) return b.failure();
  Link& receiver = add_link(**a, "b", "");
  Link& sender = add_link(**b, "a", (*a)->listen_address());
  const std::string word = "through TLS";
  const std::span<const std::byte> parts[] = {std::as_bytes(std::span(word))};
  if (const Result<bool> sent = sender.try_send(0, parts); !sent) return sent.failure();
  for (int i = 0; i < 6000; ++i) {
    if (const std::optional<Message> message = receiver.try_receive(0)) {
      return std::string(reinterpret_cast<const char*>(message->bytes().data()),
                         message->bytes().size());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return fail("nothing came: {}", sender.status().reason);
}

}  // namespace

int main(int count, char** words) {
  const Result<std::string> word = pass_word(count > 1 ? words[1] : ".");
  fmt::print("{}\n", word ? *word : word.message());
  return word ? 0 : 1;
}
