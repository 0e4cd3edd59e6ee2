#include "runtime/transport/link_tls_words.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace streamrt {

namespace {

// Alerts are all that one side of TLS can tell the other.
std::string alert_text(int alert) {
  switch (alert) {
    case SSL_AD_UNKNOWN_CA:
      return "the other side does not accept this node's certificate: it was signed by another "
             "authority than that in "
             "the other side's `ca.pem`";
    case SSL_AD_CERTIFICATE_EXPIRED:
      return "the other side does not accept this node's certificate: it has expired by the other "
             "side's clock";
    case SSL_AD_CERTIFICATE_REVOKED:
      return "the other side does not accept this node's certificate: it was revoked";
    case SSL_AD_BAD_CERTIFICATE:
      return "the other side does not accept this node's certificate: it is damaged, or by the "
             "other side's clock not "
             "valid yet";
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
      return "the other side does not accept this node's certificate: it may not be used for this";
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_ACCESS_DENIED:
      return "the other side does not accept this node's certificate";
    case SSL_AD_CERTIFICATE_REQUIRED:
      return "the other side wants to see a certificate";
    case SSL_AD_PROTOCOL_VERSION:
      return "the two sides have no version of TLS in common: it must be 1.3";
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY:
      return "the two sides have no way of encryption in common";
    case SSL_AD_BAD_RECORD_MAC:
    case SSL_AD_DECRYPT_ERROR:
      return "what the other side got was changed on the way";
    default:
      return fmt::format("the other side refuses to go on with TLS: {}",
                         SSL_alert_desc_string_long(alert));
  }
}

std::string reason_text(int reason) {
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "the other side shows no certificate";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
      return "the other side speaks an older version of TLS: it must be 1.3";
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SHARED_GROUPS:
      return "the two sides have no way of encryption in common";
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_WRONG_VERSION_NUMBER:
      return "what the other side sent was changed on the way";
    default:
      return "";
  }
}

}  // namespace

std::string take_tls_error() {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
    std::string text = reason >= SSL_AD_REASON_OFFSET ? alert_text(reason - SSL_AD_REASON_OFFSET)
                                                      : reason_text(reason);
    if (!text.empty()) return text;
  }
  const char* const text = ERR_reason_error_string(error);
  return fmt::format("TLS failed: {}", text == nullptr ? "for an unknown reason" : text);
}

}  // namespace streamrt
