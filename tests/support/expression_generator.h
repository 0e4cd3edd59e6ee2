// Random expressions on items.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/generator_library.h"
#include "tests/support/random.h"

namespace streamgen {

// What an expression may use: a name (or a longer text), and what it holds.
struct Variable {
  std::string text;
  ItemKind kind;
};

class ExpressionGenerator {
 public:
  // What is lifted over streams has no arrays of streams in it: only a window makes an array there.
  enum class Place { Item, Lifted };

  ExpressionGenerator(Random& random, std::vector<Variable> variables, Place place = Place::Item)
      : random_(random), variables_(std::move(variables)), place_(place) {}

  // An expression of that kind with operators nested up to `depth`; compound ones in parentheses.
  std::string make(ItemKind kind, int depth);

  // A constant of that kind, as literals write it.
  static std::string constant(Random& random, ItemKind kind);

 private:
  std::string leaf(ItemKind kind);
  std::string make_float(int depth);
  std::string make_int(int depth);
  std::string make_bool(int depth);
  std::string make_string(int depth);
  std::string condition(ItemKind kind, int depth);
  std::string binary(const char* op, ItemKind kind, int depth);
  std::string call(const char* name, ItemKind kind, int depth);
  std::string call2(const char* name, ItemKind kind, int depth);
  std::string element_of_array(int depth);

  Random& random_;
  std::vector<Variable> variables_;
  Place place_;
};

}  // namespace streamgen
