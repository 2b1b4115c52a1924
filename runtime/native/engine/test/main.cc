#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "check.hpp"

namespace fhec::test {

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

std::mt19937_64& generator() {
  static std::mt19937_64 current;
  return current;
}

}  // namespace fhec::test

// Under a sanitizer too, memory that the system lacks is answered with a null pointer, which a test asks for.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }

/// engine_tests [--seed NUMBER] [PART OF A NAME]...: runs every test, or those whose name holds one of the parts.
int main(int argc, char** argv) {
  using namespace fhec::test;
  std::uint64_t seed = std::random_device{}();
  std::vector<std::string> parts;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      parts.emplace_back(argv[i]);
    }
  }
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  int run = 0;
  int failed = 0;
  for (const Test& test : tests()) {
    bool wanted = parts.empty();
    for (const std::string& part : parts) wanted = wanted || std::string(test.name).find(part) != std::string::npos;
    if (!wanted) continue;
    ++run;
    generator().seed(seed);
    const auto start = std::chrono::steady_clock::now();
    std::string problem;
    try {
      test.run();
    } catch (const std::exception& error) {
      problem = error.what();
      ++failed;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%s %s (%.3f s)%s%s\n", problem.empty() ? "ok  " : "FAIL", test.name, seconds, problem.empty() ? "" : "\n     ",
                problem.c_str());
    std::fflush(stdout);
  }
  std::printf("%d of %d tests passed\n", run - failed, run);
  return failed == 0 && run > 0 ? 0 : 1;
}
