#pragma once

#include <stdexcept>
#include <string>

namespace fhec {

/// What a caller did wrong or the machine cannot give; `code` is a code of ir/codes.ts, for example "FHE0801".
class Error : public std::runtime_error {
 public:
  Error(const char* code, const std::string& message) : std::runtime_error(message), code_(code) {}
  const char* code() const noexcept { return code_; }

 private:
  const char* code_;
};

}  // namespace fhec
