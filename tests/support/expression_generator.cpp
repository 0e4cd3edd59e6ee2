#include "tests/support/expression_generator.h"

namespace streamgen {

std::string ExpressionGenerator::constant(Random& random, ItemKind kind) {
  static const std::vector<std::string> kFloats = {
      "0.0", "(-0.0)", "1.0", "(-1.0)", "0.5", "2.5", "(-3.25)", "0.1", "1e300", "(-1e300)",
      "5e-324", "1e-310", "infinite", "(-infinite)", "not_a_number", "123456789.125", "1e16", "7.0"};
  static const std::vector<std::string> kPlainFloats = {"0.25", "1.5", "(-2.0)", "3.125", "10.0",
                                                        "(-0.7)", "4.4", "0.0"};
  static const std::vector<std::string> kInts = {
      "0", "1", "(-1)", "2", "3", "7", "(-5)", "10", "100", "(-9223372036854775808)",
      "9223372036854775807", "4611686018427387904", "255"};
  static const std::vector<std::string> kStrings = {"\"\"",    "\"a\"",       "\"bee\"",
                                                    "\"é\"",   "\"x, y\"",    "\"say \\\"hi\\\"\"",
                                                    "\" pad \"", "\"Zoo\"",   "\"{{}}\""};
  switch (kind) {
    case ItemKind::Float:
      if (random.chance(70)) {
        return random.chance(50) ? random.pick(kPlainFloats)
                                 : std::to_string(random.between(-40, 40)) + ".75";
      }
      return random.pick(kFloats);
    case ItemKind::Int:
      if (random.chance(75)) return "(" + std::to_string(random.between(-9, 20)) + ")";
      return random.pick(kInts);
    case ItemKind::Bool:
      return random.chance(50) ? "true" : "false";
    case ItemKind::String:
      return random.pick(kStrings);
    case ItemKind::Option:
      // An option needs a context that says so; a record's field gives one.
      return random.chance(30) ? "none" : constant(random, ItemKind::Float);
    case ItemKind::Record:
      return "R(a: " + constant(random, ItemKind::Float) + ", b: " +
             constant(random, ItemKind::Int) + ", c: " + constant(random, ItemKind::String) +
             ", d: " + constant(random, ItemKind::Option) + ")";
    case ItemKind::Pair:
      return "(" + constant(random, ItemKind::Float) + ", " + constant(random, ItemKind::Int) + ")";
  }
  return "0";
}

namespace {

// A scalar of one kind from a variable of another; empty where there is no obvious way.
std::string converted(const Variable& variable, ItemKind kind) {
  const std::string& text = variable.text;
  switch (kind) {
    case ItemKind::Float:
      if (variable.kind == ItemKind::Int) return "float(" + text + ")";
      if (variable.kind == ItemKind::Bool) return "(if " + text + " { 1.5 } else { -0.5 })";
      if (variable.kind == ItemKind::String) return "(len(" + text + ") / 4)";
      return "";
    case ItemKind::Int:
      if (variable.kind == ItemKind::Float) return "int(" + text + ")";
      if (variable.kind == ItemKind::Bool) return "(if " + text + " { 3 } else { -2 })";
      if (variable.kind == ItemKind::String) return "len(" + text + ")";
      return "";
    case ItemKind::Bool:
      if (variable.kind == ItemKind::Float) return "(" + text + " > 0.5)";
      if (variable.kind == ItemKind::Int) return "(" + text + " % 3 == 0)";
      if (variable.kind == ItemKind::String) return "contains(" + text + ", \"e\")";
      return "";
    case ItemKind::String:
      return "string(" + text + ")";
    default:
      return "";
  }
}

}  // namespace

std::string ExpressionGenerator::leaf(ItemKind kind) {
  // What a variable gives of this kind: itself, or a part.
  std::vector<std::string> found;
  for (const Variable& variable : variables_) {
    if (variable.kind == kind) {
      found.push_back(variable.text);
      found.push_back(variable.text);
    } else if (variable.kind == ItemKind::Record) {
      if (kind == ItemKind::Float) found.push_back(variable.text + ".a");
      if (kind == ItemKind::Int) found.push_back(variable.text + ".b");
      if (kind == ItemKind::String) found.push_back(variable.text + ".c");
      if (kind == ItemKind::Option) found.push_back(variable.text + ".d");
    } else if (variable.kind == ItemKind::Pair) {
      if (kind == ItemKind::Float) found.push_back(variable.text + "[0]");
      if (kind == ItemKind::Int) found.push_back(variable.text + "[1]");
    } else if (const std::string text = converted(variable, kind); !text.empty()) {
      found.push_back(text);
    }
  }
  if (!found.empty() && random_.chance(80)) return random_.pick(found);
  return constant(random_, kind);
}

std::string ExpressionGenerator::binary(const char* op, ItemKind kind, int depth) {
  return "(" + make(kind, depth - 1) + " " + op + " " + make(kind, depth - 1) + ")";
}

std::string ExpressionGenerator::call(const char* name, ItemKind kind, int depth) {
  return std::string(name) + "(" + make(kind, depth - 1) + ")";
}

std::string ExpressionGenerator::call2(const char* name, ItemKind kind, int depth) {
  return std::string(name) + "(" + make(kind, depth - 1) + ", " + make(kind, depth - 1) + ")";
}

std::string ExpressionGenerator::condition(ItemKind kind, int depth) {
  return "(if " + make(ItemKind::Bool, depth - 1) + " { " + make(kind, depth - 1) + " } else { " +
         make(kind, depth - 1) + " })";
}

std::string ExpressionGenerator::make_float(int depth) {
  switch (random_.below(24)) {
    case 0:
    case 1:
    case 2:
      return binary("+", ItemKind::Float, depth);
    case 3:
    case 4:
      return binary("-", ItemKind::Float, depth);
    case 5:
    case 6:
      return binary("*", ItemKind::Float, depth);
    case 7:
      return binary("/", ItemKind::Float, depth);
    case 8:
      return binary("/", ItemKind::Int, depth);
    case 9:
      return binary("//", ItemKind::Float, depth);
    case 10:
      return binary("%", ItemKind::Float, depth);
    case 11:
      return "(" + make(ItemKind::Float, depth - 1) + " ** 2)";
    case 12:
      return call2("min", ItemKind::Float, depth);
    case 13:
      return call2("max", ItemKind::Float, depth);
    case 14:
      return call("abs", ItemKind::Float, depth);
    case 15: {
      static const std::vector<std::string> kFunctions = {"sqrt", "floor", "ceil", "round", "trunc",
                                                          "exp",  "log",   "sin",  "cos",   "atan",
                                                          "tanh", "log2"};
      return call(random_.pick(kFunctions).c_str(), ItemKind::Float, depth);
    }
    case 16:
      return "(-" + make(ItemKind::Float, depth - 1) + ")";
    case 17:
      return call("float", ItemKind::Int, depth);
    case 18:
      return condition(ItemKind::Float, depth);
    case 19:
      return binary("+", ItemKind::Float, depth);
    case 20:
      return call2("safe_ratio", ItemKind::Float, depth);
    case 21:
      return call("checked_root", ItemKind::Float, depth);
    case 22:
      return "(" + make(ItemKind::Float, depth - 1) + " * " + make(ItemKind::Int, depth - 1) + ")";
    default:
      if (place_ == Place::Lifted) return leaf(ItemKind::Float);
      return "horner(" + make(ItemKind::Float, depth - 1) + ", [" + make(ItemKind::Float, depth - 1) +
             ", 2.0, " + make(ItemKind::Float, depth - 1) + "])";
  }
}

// With an index that is in range now and then; one that is outside for sure would be refused.
std::string ExpressionGenerator::element_of_array(int depth) {
  if (place_ == Place::Lifted || variables_.empty()) return leaf(ItemKind::Int);
  std::string index = random_.pick(variables_).text;
  for (const Variable& variable : variables_) {
    if (variable.text != index) continue;
    if (variable.kind == ItemKind::Record) index += ".b";
    if (variable.kind == ItemKind::Pair) index += "[1]";
    const std::string whole = converted(variable, ItemKind::Int);
    if (!whole.empty()) index = whole;
    break;
  }
  return "[1, " + make(ItemKind::Int, depth - 1) + ", 3][" + index + " % 7 - 3]";
}

std::string ExpressionGenerator::make_int(int depth) {
  switch (random_.below(16)) {
    case 0:
    case 1:
      return binary("+", ItemKind::Int, depth);
    case 2:
      return binary("-", ItemKind::Int, depth);
    case 3:
      return binary("*", ItemKind::Int, depth);
    case 4:
      return binary("//", ItemKind::Int, depth);
    case 5:
      return binary("%", ItemKind::Int, depth);
    case 6:
      return "(" + make(ItemKind::Int, depth - 1) + " ** 3)";
    case 7:
      return call2("min", ItemKind::Int, depth);
    case 8:
      return call2("max", ItemKind::Int, depth);
    case 9:
      return call("int", ItemKind::Float, depth);
    case 10:
      return call("len", ItemKind::String, depth);
    case 11:
      return call2("bit_xor", ItemKind::Int, depth);
    case 12:
      return "shift_left(" + make(ItemKind::Int, depth - 1) + ", " + make(ItemKind::Int, 0) + ")";
    case 13:
      return condition(ItemKind::Int, depth);
    case 14:
      return element_of_array(depth);
    default:
      return call("abs", ItemKind::Int, depth);
  }
}

std::string ExpressionGenerator::make_bool(int depth) {
  static const std::vector<std::string> kComparisons = {"<", "<=", ">", ">=", "==", "!="};
  switch (random_.below(9)) {
    case 0:
    case 1:
    case 2:
      return binary(random_.pick(kComparisons).c_str(), ItemKind::Float, depth);
    case 3:
      return binary(random_.pick(kComparisons).c_str(), ItemKind::Int, depth);
    case 4:
      return binary(random_.pick(kComparisons).c_str(), ItemKind::String, depth);
    case 5:
      return binary("and", ItemKind::Bool, depth);
    case 6:
      return binary("or", ItemKind::Bool, depth);
    case 7:
      return "(not " + make(ItemKind::Bool, depth - 1) + ")";
    default:
      return call("is_nan", ItemKind::Float, depth);
  }
}

std::string ExpressionGenerator::make_string(int depth) {
  switch (random_.below(8)) {
    case 0:
      return binary("+", ItemKind::String, depth);
    case 1:
      return call("string", ItemKind::Float, depth);
    case 2:
      return call("string", ItemKind::Int, depth);
    case 3:
      return call("upper", ItemKind::String, depth);
    case 4:
      return call("trim", ItemKind::String, depth);
    case 5:
      return condition(ItemKind::String, depth);
    case 6:
      return "string(level_of(" + make(ItemKind::Float, depth - 1) + "))";
    default: {
      if (variables_.empty()) return leaf(ItemKind::String);
      const Variable& variable = random_.pick(variables_);
      static const std::vector<std::string> kFloatSpecs = {"", ":.2f", ":10.3e", ":g", ":+.1f",
                                                           ":,.2f", ":<9.1f", ":.3", ":08.2f"};
      static const std::vector<std::string> kIntSpecs = {"", ":d", ":6d", ":05d", ":x", ":,", ":+d"};
      std::string spec;
      if (variable.kind == ItemKind::Float) spec = random_.pick(kFloatSpecs);
      if (variable.kind == ItemKind::Int) spec = random_.pick(kIntSpecs);
      return "\"<{" + variable.text + spec + "}>\"";
    }
  }
}

std::string ExpressionGenerator::make(ItemKind kind, int depth) {
  if (depth <= 0 || random_.chance(15)) return leaf(kind);
  switch (kind) {
    case ItemKind::Float:
      return make_float(depth);
    case ItemKind::Int:
      return make_int(depth);
    case ItemKind::Bool:
      return make_bool(depth);
    case ItemKind::String:
      return make_string(depth);
    case ItemKind::Option:
      if (random_.chance(30)) return leaf(kind);
      return "(if " + make(ItemKind::Bool, depth - 1) + " { " + make(ItemKind::Float, depth - 1) +
             " } else { none })";
    case ItemKind::Record:
      return "R(a: " + make(ItemKind::Float, depth - 1) + ", b: " + make(ItemKind::Int, depth - 1) +
             ", c: " + make(ItemKind::String, depth - 1) + ", d: " +
             make(ItemKind::Option, depth - 1) + ")";
    case ItemKind::Pair:
      return "(" + make(ItemKind::Float, depth - 1) + ", " + make(ItemKind::Int, depth - 1) + ")";
  }
  return leaf(kind);
}

}  // namespace streamgen
