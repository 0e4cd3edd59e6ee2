#include "compiler/deploy/node_scripts.h"

#include <fmt/format.h>

#include "compiler/deploy/remote_shell.h"

namespace streamc {
namespace {

constexpr int kReleasesKept = 5;
constexpr int kLogLines = 100;

// What each script begins with: `set -e` ends it at the first command that fails.
std::string beginning(const Service& service) {
  return fmt::format("set -eu\nfolder=\"$HOME/{}\"\n", service_folder(service));
}

// Where ssh opens no session, the user's own systemd is found all the same.
std::string with_systemd(const Service& service) {
  return beginning(service) +
         (service.is_system
              ? "as_root=; [ \"$(id -u)\" = 0 ] || as_root='sudo -n'\n"
              : "export XDG_RUNTIME_DIR=\"${XDG_RUNTIME_DIR:-/run/user/$(id -u)}\"\n");
}

std::string systemctl(const Service& service) {
  return service.is_system ? "$as_root systemctl" : "systemctl --user";
}

std::string journalctl(const Service& service) {
  return fmt::format("{} -u {}", service.is_system ? "$as_root journalctl" : "journalctl --user",
                     unit_name(service));
}

std::string executable(const Service& service, const Release& release) {
  return fmt::format("$folder/releases/{}/{}", release.name(), service.program);
}

std::string point_at(const std::string& release) {
  return fmt::format(
      "ln -sfn \"releases/{}\" \"$folder/current.new\"\n"
      "mv -T \"$folder/current.new\" \"$folder/current\"\n",
      release);
}

std::string show_state(const Service& service) {
  return fmt::format(
      "{} show {} -p LoadState -p ActiveState -p SubState -p Result -p StateChangeTimestamp\n",
      systemctl(service), unit_name(service));
}

// A relative folder of certificates is looked for in the working directory.
std::string certificate_folder(const std::string& folder) {
  return folder.starts_with('/') ? quote_word(folder) : "\"$folder\"/" + quote_word(folder);
}

}  // namespace

std::string look_script(const Service& service, const Release& release) {
  const std::string file = executable(service, release);
  std::string script = with_systemd(service);
  script +=
      "echo \"machine $(uname -m)\"\n"
      "df -Pk \"$HOME\" | { read -r _; read -r _ _ _ free _; echo \"free_kib $free\"; }\n"
      "systemd=no\n";
  script += service.is_system
                ? "[ ! -d /run/systemd/system ] || systemd=yes\n"
                  "root=yes; [ -z \"$as_root\" ] || $as_root true 2>/dev/null || root=no\n"
                  "echo \"root $root\"\n"
                : "if command -v systemctl >/dev/null; then\n"
                  "  systemd=closed\n"
                  "  ! systemctl --user show-environment >/dev/null 2>&1 || systemd=yes\n"
                  "fi\n";
  script += fmt::format(
      "echo \"systemd $systemd\"\n"
      "if command -v sha256sum >/dev/null; then echo 'sha256sum yes'; else echo 'sha256sum no'; "
      "fi\n"
      "release=no\n"
      "if [ -x \"{0}\" ] && sha256sum <\"{0}\" | grep -q {1}; then release=yes; fi\n"
      "echo \"release $release\"\n",
      file, release.hash);
  return script;
}

std::string upload_script(const Service& service, const Release& release) {
  return beginning(service) +
         fmt::format(
             "file=\"{}\"\n"
             "mkdir -p \"$folder/releases/{}\"\n"
             "trap 'rm -f \"$file.new\"' EXIT\n"
             "cat >\"$file.new\"\n"
             "sha256sum <\"$file.new\" | grep -q {} ||\n"
             "  {{ echo 'not all of the executable arrived' >&2; exit 1; }}\n"
             "chmod 755 \"$file.new\"\n"
             "\"$file.new\" --help >/dev/null || {{ echo 'the executable does not run there' >&2; "
             "exit 1; }}\n"
             "mv \"$file.new\" \"$file\"\n",
             executable(service, release), release.name(), release.hash);
}

std::string certificate_script(const Service& service, const std::string& folder,
                               const std::string& file) {
  return beginning(service) + fmt::format(
                                  "umask 077\n"
                                  "certificates={}\n"
                                  "mkdir -p \"$certificates\"\n"
                                  "cat >\"$certificates/{}.new\"\n"
                                  "mv \"$certificates/{}.new\" \"$certificates/{}\"\n",
                                  certificate_folder(folder), file, file, file);
}

std::string find_certificates_script(const Service& service, const std::string& folder) {
  return beginning(service) +
         fmt::format(
             "certificates={}\n"
             "for file in ca.pem {}.pem {}.key; do\n"
             "  [ -r \"$certificates/$file\" ] ||\n"
             "    {{ echo \"there is no certificate $certificates/$file\" >&2; exit 1; }}\n"
             "done\n",
             certificate_folder(folder), service.node, service.node);
}

std::string install_unit_script(const Service& service) {
  const std::string unit = unit_name(service);
  if (!service.is_system) {
    return with_systemd(service) + fmt::format(
                                       "units=\"$HOME/.config/systemd/user\"\n"
                                       "mkdir -p \"$units\"\n"
                                       "cat >\"$units/{0}.new\"\n"
                                       "mv \"$units/{0}.new\" \"$units/{0}\"\n"
                                       "systemctl --user daemon-reload\n",
                                       unit);
  }
  return with_systemd(service) +
         fmt::format(
             "case $HOME in *[!A-Za-z0-9/._@+-]*)\n"
             "  echo \"the home $HOME cannot stand in a unit of the system\" >&2; exit 1 ;;\n"
             "esac\n"
             "sed -e \"s|^User=%u|User=$(id -un)|\" -e "
             "\"s|^WorkingDirectory=%h|WorkingDirectory=$HOME|\" \\\n"
             "    -e \"s|^ExecStart=%h|ExecStart=$HOME|\" |\n"
             "  $as_root tee /etc/systemd/system/{0}.new >/dev/null\n"
             "$as_root mv /etc/systemd/system/{0}.new /etc/systemd/system/{0}\n"
             "$as_root systemctl daemon-reload\n",
             unit);
}

std::string switch_script(const Service& service, const Release& release) {
  return beginning(service) +
         fmt::format(
             "touch \"$folder/history\"\n"
             "cp \"$folder/history\" \"$folder/history.before\"\n"
             "{{ grep -vx {0} \"$folder/history\" || :; echo {0}; }} | tail -n {1} "
             ">\"$folder/history.new\"\n",
             release.name(), kReleasesKept) +
         point_at(release.name()) + "mv \"$folder/history.new\" \"$folder/history\"\n";
}

std::string switch_back_script(const Service& service) {
  return beginning(service) +
         "mv \"$folder/history.before\" \"$folder/history\"\n"
         "release=$(tail -n 1 \"$folder/history\")\n"
         "if [ -z \"$release\" ]; then rm \"$folder/current\"; exit 0; fi\n" +
         point_at("$release");
}

std::string start_script(const Service& service) {
  const std::string unit = unit_name(service);
  std::string script = with_systemd(service);
  script += fmt::format("{0} enable {1}\n{0} restart {1}\nsleep 1\n", systemctl(service), unit);
  script += fmt::format("state=$({})\necho \"$state\"\n", [&] {
    std::string show = show_state(service);
    show.pop_back();
    return show;
  }());
  if (!service.is_system) {
    script += "loginctl show-user \"$(id -un)\" -p Linger 2>/dev/null || echo Linger=no\n";
  }
  script += fmt::format(
      "case $state in *ActiveState=active*) ;; *)\n"
      "  {} -n 5 -o cat --no-pager | sed 's/^/log /' ;;\n"
      "esac\n",
      journalctl(service));
  return script;
}

std::string tidy_script(const Service& service) {
  return beginning(service) +
         "for release in \"$folder\"/releases/*; do\n"
         "  grep -qx \"${release##*/}\" \"$folder/history\" || rm -r \"$release\"\n"
         "done\n";
}

std::string state_script(const Service& service) {
  return with_systemd(service) +
         "release=$(readlink \"$folder/current\" || :)\n"
         "echo \"Release=${release##*/}\"\n" +
         show_state(service);
}

std::string logs_script(const Service& service, bool follows) {
  return with_systemd(service) + fmt::format("{} -n {} -o short-iso --no-pager{}\n",
                                             journalctl(service), kLogLines, follows ? " -f" : "");
}

std::string stop_script(const Service& service) {
  return with_systemd(service) +
         fmt::format("{0} stop {1}\n{0} disable {1}\n", systemctl(service), unit_name(service));
}

std::string find_release_before_script(const Service& service) {
  return beginning(service) +
         "release=$(sed '$d' \"$folder/history\" 2>/dev/null | tail -n 1)\n"
         "[ -n \"$release\" ] || { echo 'there is no release before the current one' >&2; exit 1; "
         "}\n"
         "echo \"$release\"\n";
}

std::string go_back_script(const Service& service) {
  return beginning(service) +
         "cp \"$folder/history\" \"$folder/history.before\"\n"
         "sed '$d' \"$folder/history\" >\"$folder/history.new\"\n"
         "release=$(tail -n 1 \"$folder/history.new\")\n" +
         point_at("$release") + "mv \"$folder/history.new\" \"$folder/history\"\n";
}

}  // namespace streamc
