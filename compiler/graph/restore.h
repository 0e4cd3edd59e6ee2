// Saves a variable and puts it back when the scope ends.
#pragma once

#include <utility>

namespace streamc {

template <class T>
class Restore {
 public:
  explicit Restore(T& variable) : variable_(variable), saved_(variable) {}
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;
  ~Restore() { variable_ = std::move(saved_); }

 private:
  T& variable_;
  T saved_;
};

}  // namespace streamc
