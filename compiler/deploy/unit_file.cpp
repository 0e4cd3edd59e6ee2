#include "compiler/deploy/unit_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace streamc {

std::string unit_name(const Service& service) {
  return fmt::format("streamc-{}-{}.service", service.program, service.node);
}

std::string service_folder(const Service& service) {
  return fmt::format(".local/share/streamc/{}/{}", service.program, service.node);
}

bool is_service_name(std::string_view name) {
  const auto is_allowed = [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' ||
           letter == '-' || letter == '.';
  };
  return !name.empty() && name.front() != '.' && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), is_allowed);
}

std::string systemd_word(std::string_view word) {
  std::string quoted = "\"";
  for (const char letter : word) {
    switch (letter) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '%':
        quoted += "%%";
        break;
      case '$':
        quoted += "$$";
        break;
      default:
        quoted += letter;
    }
  }
  return quoted + "\"";
}

std::string unit_text(const Service& service, const std::vector<std::string>& arguments) {
  std::string words;
  for (const std::string& argument : arguments) words += " " + systemd_word(argument);
  const std::string folder = "%h/" + service_folder(service);
  return fmt::format(
      "# Written by `streamc deploy`, which replaces it.\n"
      "[Unit]\n"
      "Description=Stream program {0}, node {1}\n"
      "{2}"
      "StartLimitIntervalSec=0\n"
      "\n"
      "[Service]\n"
      "{3}"
      "WorkingDirectory={4}\n"
      "ExecStart={4}/current/{0}{5}\n"
      "Restart=on-failure\n"
      "RestartSec=2\n"
      "\n"
      "[Install]\n"
      "WantedBy={6}\n",
      service.program, service.node,
      service.is_system ? "Wants=network-online.target\nAfter=network-online.target\n" : "",
      service.is_system ? "User=%u\n" : "", folder, words,
      service.is_system ? "multi-user.target" : "default.target");
}

}  // namespace streamc
