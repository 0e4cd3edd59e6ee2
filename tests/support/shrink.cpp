#include "tests/support/shrink.h"

#include <algorithm>
#include <utility>

namespace streamgen {

namespace {

bool uses(const Equation& equation, const std::vector<std::string>& names) {
  const std::string text = equation.right_side();
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return mentions(text, name); });
}

// The program without the equation and everything that is computed from it.
GeneratedProgram without_equation(const GeneratedProgram& program, std::size_t index) {
  std::vector<bool> gone(program.equations.size());
  gone[index] = true;
  std::vector<std::string> names = program.equations[index].names;
  for (bool grew = true; grew;) {
    grew = false;
    for (std::size_t i = 0; i < program.equations.size(); ++i) {
      const Equation& equation = program.equations[i];
      if (gone[i] || !uses(equation, names)) continue;
      gone[i] = true;
      names.insert(names.end(), equation.names.begin(), equation.names.end());
      grew = true;
    }
  }
  GeneratedProgram smaller = program;
  smaller.equations.clear();
  smaller.sinks.clear();
  for (std::size_t i = 0; i < program.equations.size(); ++i) {
    if (!gone[i]) smaller.equations.push_back(program.equations[i]);
  }
  for (const SinkLine& sink : program.sinks) {
    const bool is_dead = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return mentions(sink.text, name);
    });
    if (!is_dead) smaller.sinks.push_back(sink);
  }
  return smaller;
}

GeneratedProgram without_sink(const GeneratedProgram& program, std::size_t index) {
  GeneratedProgram smaller = program;
  smaller.sinks.erase(smaller.sinks.begin() + static_cast<std::ptrdiff_t>(index));
  return smaller;
}

// Equations that no sink needs.
GeneratedProgram without_dead_equations(GeneratedProgram program) {
  for (bool shrank = true; shrank;) {
    shrank = false;
    for (std::size_t i = 0; i < program.equations.size(); ++i) {
      const std::vector<std::string>& names = program.equations[i].names;
      bool is_used = false;
      for (std::size_t j = 0; j < program.equations.size(); ++j) {
        if (j != i) is_used = is_used || uses(program.equations[j], names);
      }
      for (const SinkLine& sink : program.sinks) {
        for (const std::string& name : names) is_used = is_used || mentions(sink.text, name);
      }
      if (is_used) continue;
      program.equations.erase(program.equations.begin() + static_cast<std::ptrdiff_t>(i));
      shrank = true;
      break;
    }
  }
  return program;
}

class Shrinker {
 public:
  Shrinker(GeneratedProgram program, const std::function<bool(const GeneratedProgram&)>& fails,
           int attempts_max)
      : program_(std::move(program)), fails_(fails), attempts_left_(attempts_max) {}

  GeneratedProgram run() {
    for (bool shrank = true; shrank && attempts_left_ > 0;) {
      shrank = drop_parts();
      shrank = shorten_lists() || shrank;
    }
    return program_;
  }

 private:
  bool accept(const GeneratedProgram& smaller) {
    if (attempts_left_-- <= 0 || smaller.sinks.empty() || !fails_(smaller)) return false;
    program_ = smaller;
    return true;
  }

  bool drop_parts() {
    bool shrank = false;
    for (std::size_t i = program_.sinks.size(); i-- > 0;) {
      if (i < program_.sinks.size() && accept(without_sink(program_, i))) shrank = true;
    }
    shrank = accept_if_smaller(without_dead_equations(program_)) || shrank;
    for (std::size_t i = program_.equations.size(); i-- > 0;) {
      if (i < program_.equations.size() && accept(without_equation(program_, i))) shrank = true;
    }
    return shrank;
  }

  bool accept_if_smaller(const GeneratedProgram& smaller) {
    return smaller.equations.size() < program_.equations.size() && accept(smaller);
  }

  // Chunks of halving size, from the end.
  bool shorten_lists() {
    bool shrank = false;
    for (std::size_t i = 0; i < program_.equations.size(); ++i) {
      if (!program_.equations[i].is_list) continue;
      for (std::size_t size = program_.equations[i].elements.size() / 2; size > 0; size /= 2) {
        for (std::size_t end = program_.equations[i].elements.size(); end >= size && end > 0;) {
          GeneratedProgram smaller = program_;
          std::vector<std::string>& elements = smaller.equations[i].elements;
          elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(end - size),
                         elements.begin() + static_cast<std::ptrdiff_t>(end));
          if (!elements.empty() && accept(smaller)) shrank = true;
          end -= std::min(size, end);
          end = std::min(end, program_.equations[i].elements.size());
        }
      }
    }
    return shrank;
  }

  GeneratedProgram program_;
  const std::function<bool(const GeneratedProgram&)>& fails_;
  int attempts_left_;
};

}  // namespace

GeneratedProgram shrink(GeneratedProgram program,
                        const std::function<bool(const GeneratedProgram&)>& fails,
                        int attempts_max) {
  return Shrinker(std::move(program), fails, attempts_max).run();
}

}  // namespace streamgen
