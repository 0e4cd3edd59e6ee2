#include "runtime/transport/link_tls_certificate.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "runtime/base/printable.h"
#include "runtime/base/time_text.h"

namespace streamrt {

namespace {

std::string_view view_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::vector<std::string> dns_names(const X509* certificate) {
  using NamesPointer = std::unique_ptr<GENERAL_NAMES, FreedBy<GENERAL_NAMES_free>>;
  const NamesPointer all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> names;
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) names.emplace_back(view_of(name->d.dNSName));
  }
  return names;
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names = dns_names(certificate);
  if (!names.empty()) return names;
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  for (int i = -1; (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;) {
    names.emplace_back(view_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i))));
  }
  return names;
}

// `20260131235959Z`, which ASN.1 calls generalized time.
using TimePointer = std::unique_ptr<ASN1_TIME, FreedBy<ASN1_STRING_free>>;
TimePointer asn1_time(std::int64_t utc_ns) {
  std::string text;
  append_time(text, utc_ns - utc_ns % kNanosecondsPerSecond);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'T'; });
  TimePointer time(ASN1_TIME_new());
  ASN1_TIME_set_string(time.get(), text.c_str());
  return time;
}

std::string time_text(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown time";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string clock_text(Clock& clock) {
  return time_text(asn1_time(clock.utc_ns()).get());
}

constexpr int kOtherAuthority = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;

// The many ways in which OpenSSL says so. The last comes from an authority of the same name with
// another key; unless it is made equal, the other side hears of damage on the way.
bool is_other_authority(int error) {
  return error == kOtherAuthority || error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
         error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
         error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
         error == X509_V_ERR_CERT_SIGNATURE_FAILURE;
}

}  // namespace

std::string owner_text(const X509* certificate) {
  std::string text;
  if (certificate == nullptr) return "nobody";
  for (const std::string& name : names_of(certificate)) {
    text += fmt::format("{}`{}`", text.empty() ? "" : ", ", printable(name));
  }
  return text.empty() ? "nobody" : text;
}

bool belongs_to(const X509* certificate, const std::string& node) {
  const std::vector<std::string> names = names_of(certificate);
  return std::find(names.begin(), names.end(), node) != names.end();
}

int time_error(const X509* certificate, Clock& clock) {
  const TimePointer now = asn1_time(clock.utc_ns());
  // -2: not comparable, and so never valid.
  const int since_begin = ASN1_TIME_compare(X509_get0_notBefore(certificate), now.get());
  const int since_end = ASN1_TIME_compare(X509_get0_notAfter(certificate), now.get());
  if (since_begin != -1 && since_begin != 0) return X509_V_ERR_CERT_NOT_YET_VALID;
  if (since_end != 1 && since_end != 0) return X509_V_ERR_CERT_HAS_EXPIRED;
  return X509_V_OK;
}

std::string verification_text(int error, const X509* certificate, const std::string& authority_file,
                              Clock& clock) {
  const std::string owner = owner_text(certificate);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("the certificate of {} expired at {}: it is {} here", owner,
                         time_text(X509_get0_notAfter(certificate)), clock_text(clock));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("the certificate of {} is valid from {} on: it is {} here", owner,
                         time_text(X509_get0_notBefore(certificate)), clock_text(clock));
    case kOtherAuthority:
      return fmt::format("the certificate of {} was signed by another authority than that in `{}`",
                         owner, authority_file);
    case X509_V_ERR_INVALID_PURPOSE:
      return fmt::format(
          "the certificate of {} may not be used on both sides of a connection: its extended key "
          "usage must name `serverAuth` and `clientAuth`, or be left out",
          owner);
    default:
      return fmt::format("the certificate of {} is not accepted: {}", owner,
                         X509_verify_cert_error_string(error));
  }
}

int verify_step(int is_good, X509_STORE_CTX* store, Verification& verification) {
  const X509* certificate = X509_STORE_CTX_get_current_cert(store);
  int error = is_good == 1 ? X509_V_OK : X509_STORE_CTX_get_error(store);
  if (error == X509_V_OK && certificate != nullptr) {
    error = time_error(certificate, *verification.clock);
  }
  if (error == X509_V_OK) return 1;
  if (is_other_authority(error)) {
    error = kOtherAuthority;
    certificate = X509_STORE_CTX_get0_cert(store);  // The current one may be the authority's.
  }
  X509_STORE_CTX_set_error(store, error);  // Chooses the alert.
  if (verification.problem.empty()) {
    verification.problem =
        verification_text(error, certificate, verification.authority_file, *verification.clock);
  }
  return 0;
}

}  // namespace streamrt
