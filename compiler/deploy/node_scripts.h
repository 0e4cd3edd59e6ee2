// What is done on the machine of a node, each step as a script for a POSIX shell.
//
// Below `~/.local/share/streamc/PROGRAM/NODE` there are `releases/RELEASE/PROGRAM`, the
// executables; `current`, a link to the release that runs; `history`, the releases that ran, one a
// line, the last one now; and the folder of certificates, if it is a relative one. It is the
// working directory of the node. A script that fails ends with a status other than 0 and says why
// in its last line of standard error.
#pragma once

#include <cstdint>
#include <string>

#include "compiler/deploy/unit_file.h"

namespace streamc {

// An executable by its contents.
struct Release {
  std::string hash;  // SHA-256, 64 digits.
  // Its name where releases are listed.
  [[nodiscard]] std::string name() const { return hash.substr(0, 16); }
};

// Looks and changes nothing. Answers lines `machine ARCHITECTURE`, `free_kib N`, `systemd
// yes|no|closed`, `sha256sum yes|no`, `root yes|no` (a unit of the system only) and `release
// yes|no`.
std::string look_script(const Service& service, const Release& release);
// Standard input becomes the executable of a release, if all of it arrives and it runs there.
std::string upload_script(const Service& service, const Release& release);
// Standard input becomes a file, which only the user may read, of the folder of certificates.
std::string certificate_script(const Service& service, const std::string& folder,
                               const std::string& file);
// Fails if the node's certificates are not there.
std::string find_certificates_script(const Service& service, const std::string& folder);
// Standard input becomes the unit.
std::string install_unit_script(const Service& service);

// The release becomes the current one; nothing is started.
std::string switch_script(const Service& service, const Release& release);
// Takes the last switch back.
std::string switch_back_script(const Service& service);
// Starts what is current, also when the machine starts, and looks a second later. Answers as
// state_script, then `Linger=yes|no` for a unit of the user, then the last lines of the log, each
// behind `log `, if the program did not stay.
std::string start_script(const Service& service);
// Removes the releases that are not among the last five.
std::string tidy_script(const Service& service);

// Answers `KEY=VALUE` lines: `Release`, and what systemd says of LoadState, ActiveState, SubState,
// Result and StateChangeTimestamp.
std::string state_script(const Service& service);
std::string logs_script(const Service& service, bool follows);
// Ends the program; it does not start with the machine any more.
std::string stop_script(const Service& service);
// Answers the release before the current one, and fails if there is none.
std::string find_release_before_script(const Service& service);
// That becomes the current one.
std::string go_back_script(const Service& service);

}  // namespace streamc
